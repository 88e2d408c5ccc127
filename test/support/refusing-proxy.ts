import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';

export interface ProxiedCall {
  method: string;
  path: string;
  body: string;
}

/** A proxy with its own rules between a worker and the server, which refuses some calls. */
export class RefusingProxy {
  /** @returns the status of the refusal, or null to forward the call */
  refuse: (call: ProxiedCall) => number | null = () => null;
  readonly refused: ProxiedCall[] = [];

  private constructor(private readonly server: Server) {}

  static async start(targetUrl: () => string): Promise<RefusingProxy> {
    const server = createServer();
    const proxy = new RefusingProxy(server);
    server.on('request', (incoming, outgoing) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        const body = Buffer.concat(parts);
        const call = { method: incoming.method!, path: incoming.url!, body: body.toString('utf8') };
        const status = proxy.refuse(call);
        if (status !== null) {
          proxy.refused.push(call);
          outgoing.writeHead(status, { 'content-type': 'text/html' }).end('<h1>No</h1>');
          return;
        }
        const { method, url, headers } = incoming;
        const onward = request(new URL(url!, targetUrl()), { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(outgoing);
        });
        onward.on('error', () => outgoing.destroy());
        onward.end(body);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
