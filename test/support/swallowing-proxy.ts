import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy between a client and Redis. On demand it forwards a command, drops the reply and closes the connection. */
export class SwallowingProxy {
  private readonly sockets = new Set<Socket>();
  private swallowed: string | null = null;

  private constructor(private readonly server: Server) {}

  static async start(redisPort: number): Promise<SwallowingProxy> {
    const server = createServer();
    const proxy = new SwallowingProxy(server);
    server.on('connection', (client) => proxy.connect(client, redisPort));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** @param command in lower case */
  swallowNextReplyTo(command: string): void {
    this.swallowed = command;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private connect(client: Socket, redisPort: number): void {
    const redis = connect(redisPort, '127.0.0.1');
    let isLost = false;
    client.on('data', (bytes) => {
      if (
        this.swallowed !== null &&
        bytes.toString('latin1').toLowerCase().includes(`\n${this.swallowed}\r\n`)
      ) {
        this.swallowed = null;
        isLost = true;
      }
      redis.write(bytes);
    });
    redis.on('data', (bytes) => {
      if (isLost)
        client.destroy(); // Redis has run the command, but the client gets no reply
      else client.write(bytes);
    });
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
