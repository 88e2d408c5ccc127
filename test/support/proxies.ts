import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import compression from 'compression';
import express, { type Request, type Response } from 'express';

/** A proxy in front of a server; `url` is its address without a path. */
export interface Proxy {
  url: string;
  stop: () => Promise<void>;
}

export type ProxyProgram = 'nginx' | 'caddy' | 'haproxy';
/** Debian installs some of them in folders that only root's PATH contains. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

const FILES: Record<
  ProxyProgram,
  { name: string; arguments: string[]; around: (example: string) => string }
> = {
  nginx: {
    name: 'nginx.conf',
    arguments: ['-e', 'stderr', '-p', '.', '-c', 'nginx.conf'],
    around: (example) =>
      `daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
       http {
         access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
         uwsgi_temp_path uwsgi; scgi_temp_path scgi;
         gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;
         ${example}
       }`,
  },
  caddy: {
    name: 'Caddyfile',
    arguments: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    around: (example) => `{\n\tadmin off\n\tauto_https off\n}\n${example}`,
  },
  haproxy: { name: 'haproxy.cfg', arguments: ['-db', '-f', 'haproxy.cfg'], around: (example) => example },
};

/** Returns an example of docs/deployment.md by its index. */
export function example(language: string, index: number): string {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'deployment.md'), 'utf8');
  const found = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))][index];
  if (!found) throw new Error(`docs/deployment.md has no example ${index} in ${language}.`);
  return found[1]!;
}

/** Replaces the addresses of an example with those of the test, over plain HTTP and without a certificate. */
function placed(text: string, port: number, backend: number): string {
  return (
    text
      .replace(/^\s*ssl_certificate.*$/gm, '')
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
      .replace(/^server_name .*$/gm, '')
      .replace(/bind :443 .*$/m, `bind 127.0.0.1:${port}`)
      .replace(/^[\w.]+\.example\.com \{/m, `http://localhost:${port} {`)
      // One refused probe takes the server out of service within the test; a late answer on a busy machine does
      // not.
      .replace('check inter 5s', 'check inter 50ms fall 1')
      .replace('option httpchk', 'timeout check 60s\n    option httpchk')
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${backend}`)
  );
}

export function isInstalled(program: ProxyProgram): boolean {
  return spawnSync(program, ['-v'], { env: { PATH }, stdio: 'ignore' }).error === undefined;
}

/** Starts the real program with a configuration from docs/deployment.md. */
export async function startProxy(
  program: ProxyProgram,
  configuration: string,
  backend: string,
): Promise<Proxy> {
  const port = await freePort();
  const { name, arguments: args, around } = FILES[program];
  const folder = mkdtempSync(join(tmpdir(), `jobato-${program}-`));
  writeFileSync(join(folder, name), around(placed(configuration, port, Number(new URL(backend).port))));
  const env = { PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(child, port);
  } catch {
    await stop();
    throw new Error(`${program} ended before it listened:\n${output.join('')}`);
  }
  return { url: `http://localhost:${port}`, stop };
}

/** Starts a typical self-written gateway: Express, compression() first, and a proxy that strips the prefix. */
export async function startGateway(prefix: string, backend: string): Promise<Proxy> {
  const gateway = express();
  gateway.use(compression({ threshold: 0 }));
  gateway.use(prefix || '/', (incoming: Request, outgoing: Response) => {
    const { method, url } = incoming;
    // Some proxies replace Host with the address of the backend.
    const headers = { ...incoming.headers, host: new URL(backend).host };
    const sent = request(backend, { method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
      outgoing.on('close', () => answer.destroy());
    });
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
  });
  const server = createServer(gateway);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://localhost:${portOf(server)}`, stop: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await closed(server);
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  // Proxies wait for open connections; the remaining ones belong to a browser.
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await gone;
  clearTimeout(timer);
}

/** None of the programs reports that it listens, so this polls until it responds. */
async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('It ended.');
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    await answer?.body?.cancel();
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
