import type { RequestHandler } from 'express';
import type { Socket } from 'node:net';

/** Browsers and proxies wait for a response before they send the next request on a connection. */
const MAX_UNANSWERED = 100;

/**
 * Closes a connection that sends many requests without waiting for responses. Node reads and starts each request at
 * once, so a single connection could keep the server busy for minutes.
 */
export function limitPipelining(): RequestHandler {
  const unanswered = new WeakMap<Socket, number>();
  return ({ socket }, response, next) => {
    // Node still passes on the requests that it had read before.
    if (socket.destroyed) return;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > MAX_UNANSWERED) {
      socket.destroy();
      return;
    }
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, unanswered.get(socket)! - 1));
    next();
  };
}
