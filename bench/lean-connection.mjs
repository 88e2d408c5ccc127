import { connect } from 'node:net';

/**
 * Minimal HTTP/1.1: one request at a time, responses with Content-Length. Node's own client costs several times as
 * much.
 */
export class LeanConnection {
  static async open(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new LeanConnection(socket, port);
  }

  constructor(socket, port) {
    this.socket = socket;
    this.port = port;
    this.received = '';
    this.waiting = null;
    socket.on('data', (chunk) => this.take(chunk.latin1Slice()));
    socket.on('close', () => this.waiting?.reject(new Error('The server closed the connection.')));
    socket.on('error', (error) => this.waiting?.reject(error));
  }

  /** @returns `{ status, body }` */
  send(method, path, body) {
    const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\n`;
    const content = body === undefined ? '' : JSON.stringify(body);
    this.socket.write(
      body === undefined
        ? `${head}\r\n`
        : `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`,
    );
    return new Promise((resolve, reject) => (this.waiting = { resolve, reject }));
  }

  take(text) {
    this.received += text;
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.received)?.[1] ?? 0);
    if (this.received.length < headEnd + 4 + length) return;
    const status = Number(this.received.slice(9, 12));
    const body = this.received.slice(headEnd + 4);
    this.received = '';
    const { resolve } = this.waiting;
    this.waiting = null;
    resolve({ status, body });
  }

  close() {
    this.socket.destroy();
  }
}

/** Resolves when a stream of server-sent events has sent its end event. */
export function followToEnd(port, path) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n`,
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.latin1Slice();
      if (text.includes('event: end')) {
        resolve();
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`The stream broke off: ${text.slice(-200)}`)));
  });
}
