import { Server as HttpsServer } from 'node:https';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/**
 * Load balancers reuse connections that were idle for up to 60 s. If the server closes such a connection first, a
 * request fails.
 */
const KEEP_ALIVE_MS = 75_000;
const CLOSE_UNUSED_EVERY_MS = 250;

/** Configures how long connections are kept, and which requests the HTTP server itself rejects. */
@Injectable()
export class HttpConnections implements OnModuleInit, OnModuleDestroy {
  /** Connections without a request so far. Node counts them as busy, and clients open some in advance. */
  private readonly unused = new Set<Socket>();

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const server = this.server;
    // This limit applies to all requests and would abort slow uploads. The limit for headers stays.
    server.requestTimeout = 0;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // Health checks of HAProxy send no Host header. The access rules allow them, and reject every other request without
    // one.
    Object.assign(server, { requireHostHeader: false });
    server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.unused.add(socket);
      socket.once('close', () => this.unused.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage) => this.unused.delete(socket));
  }

  /** Closes unused connections and those whose last response is complete, so that they do not delay the shutdown. */
  onModuleDestroy(): void {
    const server = this.server;
    server.keepAliveTimeout = 1;
    const closing = setInterval(() => {
      for (const socket of this.unused) socket.destroy();
    }, CLOSE_UNUSED_EVERY_MS);
    server.once('close', () => clearInterval(closing));
  }

  private get server(): Server {
    return this.host.httpAdapter.getHttpServer() as Server;
  }
}
