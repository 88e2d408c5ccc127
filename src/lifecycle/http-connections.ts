import { Server as HttpsServer } from 'node:https';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** Load balancers reuse connections that were idle for up to 60 s. One that the server closes first fails a request. */
const KEEP_ALIVE_MS = 75_000;
const CLOSE_UNUSED_EVERY_MS = 250;

/** How long connections are kept, and what the HTTP server itself refuses. */
@Injectable()
export class HttpConnections implements OnModuleInit, OnModuleDestroy {
  /** Those that have not sent a request. Node counts them as busy, and clients open some in advance. */
  private readonly unused = new Set<Socket>();

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const server = this.server;
    // Its one limit for all requests would cut slow uploads; the limit for headers stays.
    server.requestTimeout = 0;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // Probes of HAProxy name no host. The rule of access answers them, and refuses every other request without one.
    Object.assign(server, { requireHostHeader: false });
    server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.unused.add(socket);
      socket.once('close', () => this.unused.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage) => this.unused.delete(socket));
  }

  /** A connection that is not used, or whose last answer ends from now on, must not hold up the stop. */
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
