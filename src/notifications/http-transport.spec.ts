import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { type HttpLimits, HTTP_LIMITS, sendByHttp } from './http-transport';

const TLS = join(__dirname, '..', '..', 'test', 'support', 'tls');
const never = new AbortController().signal;
const servers: (Server | TcpServer)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
});

const listening = async <Any extends Server | TcpServer>(server: Any): Promise<number> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
const serve = async (answer: RequestListener) =>
  `http://127.0.0.1:${await listening(createServer(answer))}/hook`;
const send = (
  url: string,
  more: { allowPrivate?: boolean; stop?: AbortSignal; limits?: Partial<HttpLimits> } = {},
) =>
  sendByHttp(
    {
      url: new URL(url),
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
      allowPrivate: more.allowPrivate ?? true,
      secrets: [],
    },
    more.stop ?? never,
    { ...HTTP_LIMITS, ...more.limits },
  );

it('posts the body and returns the status with the beginning of the answer', async () => {
  const received: { method?: string; body: string; headers: Record<string, unknown> }[] = [];
  const url = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ method: request.method, body, headers: request.headers });
      response.end('thank\nyou');
    });
  });
  expect(await send(url)).toEqual({ code: 'http', status: 200, text: 'thank you' });
  expect(received).toMatchObject([
    {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'content-length': '7' },
    },
  ]);
});

it('sends credentials of the URL in a header, and does not show them', async () => {
  let sent: string | undefined;
  const url = await serve((request, response) => {
    sent = request.headers.authorization;
    response.end(`${sent} pass word, 100%sure`);
  });
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
  const answer = await send(url.replace('http://', 'http://ada:pass%20word@'));
  expect(sent).toBe(basic('ada:pass word'));
  expect(answer).toMatchObject({ status: 200, text: 'Basic … …, 100%sure' });
  await send(url.replace('http://', 'http://ada:100%sure@'));
  expect(sent).toBe(basic('ada:100%sure'));
});

it('does not follow a redirect', async () => {
  let visits = 0;
  const url = await serve((request, response) => {
    visits++;
    response.writeHead(302, { location: request.url === '/hook' ? '/other' : '/hook' }).end();
  });
  expect(await send(url)).toMatchObject({ code: 'http', status: 302 });
  expect(visits).toBe(1);
});

it.each([
  ['120', 120],
  ['0', 0],
  ['Sun, 01 Mar 2026 10:00:30 GMT', 30],
  ['Sun, 01 Mar 2026 09:00:00 GMT', 0],
  ['soon', undefined],
])('reads Retry-After: %s', async (header, seconds) => {
  const url = await serve((_request, response) =>
    response.writeHead(429, { 'retry-after': header, date: 'Sun, 01 Mar 2026 10:00:00 GMT' }).end(),
  );
  const answer = await send(url);
  expect(answer).toEqual({
    code: 'http',
    status: 429,
    text: null,
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
  });
});

it('reads only the beginning of a huge answer', async () => {
  let sent = 0;
  const url = await serve((_request, response) => {
    const more = () => {
      while (sent < 50_000_000) {
        sent += 65_536;
        if (!response.write('x'.repeat(65_536))) return;
      }
    };
    response.on('drain', more);
    more();
  });
  expect(await send(url)).toMatchObject({ status: 200, text: `${'x'.repeat(300)}…` });
  expect(sent).toBeLessThan(20_000_000);
});

it('counts the status of an answer whose body stalls or breaks', async () => {
  const stalls = await serve((_request, response) => void response.writeHead(200).write('begun'));
  expect(await send(stalls, { limits: { bodyMs: 50 } })).toMatchObject({ status: 200, text: 'begun' });
  const breaks = await serve((_request, response) => {
    response.writeHead(500, { 'content-length': '100' });
    response.write('begun', () => response.destroy());
  });
  expect(await send(breaks)).toMatchObject({ status: 500 });
});

it('gives up on a receiver that does not answer, and on one that sends its head byte by byte', async () => {
  const silent = await serve(() => undefined);
  expect(await send(silent, { limits: { answerMs: 100 } })).toEqual({ code: 'timeout', phase: 'answer' });
  const port = await listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x: y\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    }),
  );
  const drip = await send(`http://127.0.0.1:${port}`, { limits: { connectMs: 100, answerMs: 300 } });
  expect(drip.code).toMatch(/timeout|broken-answer/);
});

it('reports connections that fail', async () => {
  const closed = createTcpServer();
  const port = await listening(closed);
  closed.close();
  expect(await send(`http://127.0.0.1:${port}`)).toEqual({ code: 'no-connection', reason: 'ECONNREFUSED' });
  const hangsUp = await listening(createTcpServer((socket) => void socket.end()));
  expect(await send(`http://127.0.0.1:${hangsUp}`)).toMatchObject({ code: 'no-connection' });
  const chatter = await listening(createTcpServer((socket) => void socket.end('SSH-2.0-OpenSSH\r\n')));
  expect(await send(`http://127.0.0.1:${chatter}`)).toMatchObject({ code: 'broken-answer' });
  expect(await send('http://name.invalid/')).toMatchObject({ code: 'name-unknown' });
});

it('refuses a certificate that it cannot verify', async () => {
  const [cert, key] = ['cert.pem', 'key.pem'].map((file) => readFileSync(join(TLS, file)));
  const port = await listening(createTlsServer({ cert, key }, (_request, response) => response.end()));
  expect(await send(`https://127.0.0.1:${port}`)).toMatchObject({ code: 'certificate' });
});

it('ends when the server stops', async () => {
  const stopping = new AbortController();
  const url = await serve(() => stopping.abort());
  expect(await send(url, { stop: stopping.signal })).toMatchObject({ code: 'no-connection' });
});

it.each(['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '[::ffff:127.0.0.1]'])(
  'connects to %s only if the channel allows it',
  async (host) => {
    let visits = 0;
    const url = new URL(await serve((_request, response) => response.end(String(++visits))));
    const there = `http://${host}:${url.port}/`;
    expect(await send(there, { allowPrivate: false })).toMatchObject({ code: 'private-address' });
    expect(visits).toBe(0);
    if (host !== '[::1]') expect(await send(there)).toMatchObject({ status: 200 });
  },
);
