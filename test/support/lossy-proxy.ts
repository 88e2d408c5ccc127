import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy between a worker and its server. It drops selected responses after the server has sent them. */
export class LossyProxy {
  /** The number of dropped responses. */
  lost = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: string,
    private readonly losesAnswer: (path: string, status: number, lost: number) => boolean,
  ) {}

  static async start(target: string, losesAnswer: LossyProxy['losesAnswer']): Promise<LossyProxy> {
    const server = createServer();
    const proxy = new LossyProxy(server, target, losesAnswer);
    server.on('request', (incoming, response) => proxy.forward(incoming, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { hostname, port } = new URL(this.target);
    const { method, url = '/', headers } = incoming;
    const sent = request({ hostname, port, method, path: url, headers }, (answer) => {
      if (this.losesAnswer(url, answer.statusCode ?? 0, this.lost)) {
        this.lost++;
        // Reads the response to its end, so that it counts as delivered for the server.
        answer.resume().on('end', () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    sent.on('error', () => response.destroy());
    response.on('close', () => sent.destroy());
    incoming.pipe(sent);
  }
}
