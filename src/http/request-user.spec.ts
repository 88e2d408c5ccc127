import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { userOf } from './request-user';

type TrustProxy = string | number | false;

/** Returns the user that a real server sees in a request with these headers, written as UTF-8. */
async function seenUser(trustProxy: TrustProxy, headers: string[]): Promise<string | null> {
  const app = express().set('trust proxy', trustProxy);
  app.get('/', (request, response) => void response.json({ user: userOf(request) }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const raw = headers.flatMap((value) => ['X-Forwarded-User', value]);
      httpRequest({ port, host: '127.0.0.1', headers: ['Host', 'localhost', ...raw] as never }, resolve)
        .on('error', reject)
        .end();
    });
    let body = '';
    for await (const part of answer.setEncoding('utf8')) body += part as string;
    return (JSON.parse(body) as { user: string | null }).user;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const utf8 = (text: string) => Buffer.from(text).toString('latin1');

describe('userOf', () => {
  it.each<[string, TrustProxy, string[], string | null]>([
    ['no proxy is trusted', false, ['ada'], null],
    ['another address is trusted', '10.0.0.5', ['ada'], null],
    ['the header is missing', 'loopback', [], null],
    ['the header is empty', 'loopback', [''], null],
    ['the name is blank', 'loopback', [' '], null],
    ['there are several headers', 'loopback', ['mallory', 'ada'], null],
    ['the name has a tab', 'loopback', ['a\tb'], null],
    ['the name has a control character', 'loopback', [utf8('a\u0085b')], null],
    ['the name has a character that reorders text', 'loopback', [utf8('ada\u202etxt')], null],
    ['the name has 201 characters', 'loopback', ['a'.repeat(201)], null],
    ['the address is trusted', 'loopback', ['ada'], 'ada'],
    ['one hop is trusted', 1, ['ada'], 'ada'],
    ['the name has a comma', 1, ['Lovelace, Ada'], 'Lovelace, Ada'],
    ['the name is UTF-8', 'loopback', [utf8('Zoë Łukasz 李')], 'Zoë Łukasz 李'],
    ['the name is Latin-1', 'loopback', ['Zo\u00eb'], 'Zoë'],
    ['the name has spaces around it', 'loopback', ['  ada  '], 'ada'],
    ['the name has 200 characters', 'loopback', ['a'.repeat(200)], 'a'.repeat(200)],
  ])('if %s', async (_what, trustProxy, headers, user) => {
    expect(await seenUser(trustProxy, headers)).toBe(user);
  });
});
