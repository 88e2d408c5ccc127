import type { RequestHandler } from 'express';
import type { Socket } from 'node:net';

/** Browsers and proxies wait for an answer before they send the next request on a connection. */
const MAX_UNANSWERED = 100;

/**
 * Closes a connection that sends one request after the other without waiting for answers. Node reads all that a
 * connection sends and begins each request at once, so one connection could keep the server busy for minutes.
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
