import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Belongings } from './support/crash';
import { expectProblem } from './support/expect-problem';
import type { ServerProcess } from './support/jobato';

const KEY = 'the-key-of-the-workers-0123456789';
const MEBIBYTE = 1024 * 1024;

const belongings = new Belongings();
let server: ServerProcess;
beforeAll(async () => {
  const folders = belongings.makeFolders({ outside: 'id: outside\nexecutor: external\n' });
  server = await belongings.start(folders, {
    JOBATO_ADMIN_TOKEN: 'the-token-of-the-admin-0123456789',
    JOBATO_API_KEY: KEY,
  });
});
afterAll(() => belongings.clear());

function post(path: string, body: Buffer | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
}
const asWorker = (path: string, body: Buffer | string, headers: Record<string, string> = {}) =>
  post(path, body, { 'x-jobato-api-key': KEY, ...headers });

const aMillion = (member: string) => `[${new Array(1_000_000).fill(member).join(',')}]`;

describe('limits for bodies that are expensive to parse', () => {
  it.each(['/api/health/live', '/api/health/ready'])(
    'reject a large body for %s without a token',
    async (path) => {
      const body = gzipSync(`{"a":[${'[],'.repeat(300_000)}[]]}`);
      await expectProblem(await post(path, body, { 'content-encoding': 'gzip' }), 401, 'UNAUTHORIZED');
    },
  );

  it.each([
    ['lists', aMillion('[]')],
    ['objects', aMillion('{}')],
    ['numbers', aMillion('0')],
    [
      'members of an object',
      `{${Array.from({ length: 1_000_000 }, (_, index) => `"${index}":0`).join(',')}}`,
    ],
  ])('reject a body before parsing it: a million %s', async (_what, body) => {
    await expectProblem(await asWorker('/api/internal/events', body), 413, 'PAYLOAD_TOO_LARGE');
    const packed = await asWorker('/api/internal/events', gzipSync(body), { 'content-encoding': 'gzip' });
    await expectProblem(packed, 413, 'PAYLOAD_TOO_LARGE');
  });

  it('apply to calls that take an object', async () => {
    const body = JSON.stringify({ workerId: 'w', projectIds: new Array(30_000).fill('p') });
    await expectProblem(await asWorker('/api/internal/runs/claim', body), 413, 'PAYLOAD_TOO_LARGE');
  });

  it('reject an event with too many members', async () => {
    const event = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`m${index}`, index]));
    const answer = await asWorker('/api/internal/events', JSON.stringify(event));
    expect(await answer.json()).toEqual({
      accepted: 0,
      duplicates: 0,
      rejected: [{ index: 0, reason: 'the event has more than 50 members' }],
    });
  });
});

describe('limits for pipelined requests', () => {
  it.each(['/api/health/live', '/api/runs'])(
    'close a connection with unread responses: 5,000 × GET %s',
    async (path) => {
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.on('error', () => undefined);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`.repeat(5_000));
      await closed;
    },
  );

  it('allow a few requests', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /api/health/live HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`.repeat(10));
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.split('HTTP/1.1 200').length === 11) break;
    }
    socket.destroy();
  });
});

describe('limits for unfinished bodies', () => {
  it('bound their memory and leave room for small bodies', async () => {
    const { hostname, port } = new URL(server.url);
    const sockets = Array.from({ length: 20 }, () => connect(Number(port), hostname));
    const HELD = Math.floor(128 / 10);
    await new Promise<void>((resolve) => {
      let refused = 0;
      for (const socket of sockets) {
        socket.on('error', () => undefined);
        socket.once('data', (data) => {
          if (String(data).startsWith('HTTP/1.1 503') && ++refused === sockets.length - HELD) resolve();
        });
        socket.write(
          `POST /api/internal/events HTTP/1.1\r\nHost: ${hostname}\r\nX-Jobato-Api-Key: ${KEY}\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${10 * MEBIBYTE}\r\n\r\n[`,
        );
      }
    });
    const large = JSON.stringify([{ event: 'x'.repeat(9 * MEBIBYTE) }]);
    const busy = await asWorker('/api/internal/events', large);
    expect(busy.headers.get('retry-after')).toBe('1');
    await expectProblem(busy, 503, 'SERVER_BUSY');
    expect((await asWorker('/api/internal/events', '[]')).status).toBe(202);

    for (const socket of sockets) socket.destroy();
    // The server detects the closed connections one by one.
    let status: number;
    do {
      const again = await asWorker('/api/internal/events', large);
      await again.text();
      status = again.status;
    } while (status === 503);
    expect(status).toBe(202);
  });
});
