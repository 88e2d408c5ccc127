import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a receiver of notifications got. */
export interface Received {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

type Answer = (received: Received, response: ServerResponse) => void;

/** Answers 200. */
export const accepts: Answer = (_received, response) => void response.end('ok');
export const answering =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_received, response) =>
    void response.writeHead(status, headers).end();

/** Addresses of chats are secret. */
const SECRET_PATH = '/hook-0123456789';

/** A real HTTP server that receives notifications, and answers as the test says. */
export class Receiver {
  readonly received: Received[] = [];
  /** For the next requests, first to last; then `otherwise`. */
  readonly answers: Answer[] = [];
  otherwise: Answer = accepts;
  private readonly waiting: { count: number; resolve: () => void }[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(port = 0): Promise<Receiver> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const receiver = new Receiver(server, (server.address() as AddressInfo).port);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () =>
        receiver.take({ path: request.url!, headers: request.headers, body }, response),
      );
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}${SECRET_PATH}`;
  }

  /** The events of the received webhooks. */
  events<Data = WebhookData>(): { type: string; timestamp: string; data: Data }[] {
    return this.received.map(
      ({ body }) => JSON.parse(body) as { type: string; timestamp: string; data: Data },
    );
  }

  types(): string[] {
    return this.events().map(({ type }) => type);
  }

  ids(): string[] {
    return this.received.map(({ headers }) => String(headers['webhook-id']));
  }

  /** Resolves when this many requests have arrived since the start. */
  async until(count: number): Promise<void> {
    if (this.received.length >= count) return;
    await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(received: Received, response: ServerResponse): void {
    this.received.push(received);
    (this.answers.shift() ?? this.otherwise)(received, response);
    for (const { resolve } of this.waiting.filter(({ count }) => this.received.length >= count)) resolve();
  }
}

/** The data of an event about a run. */
export interface WebhookData {
  text: string;
  url: string | null;
  projectId: string;
  run: { runId: string; number: number; status: string; errorLines: string[]; [member: string]: unknown };
}
