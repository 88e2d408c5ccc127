// A Redis for one measurement on a free port, which is removed afterwards.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Redis from 'ioredis';
import { freePort } from './server-process.mjs';

/** A production setting: append-only file, flushed every second. */
const DURABILITY = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];

export async function withRedis(use) {
  if (spawnSync('redis-server', ['--version']).error) {
    throw new Error('redis-server is not on the PATH. On Debian: apt-get install redis-server');
  }
  const folder = mkdtempSync(join(tmpdir(), 'jobato-bench-redis-'));
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...DURABILITY],
    { stdio: 'ignore' },
  );
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, maxRetriesPerRequest: null });
  redis.on('error', () => {}); // Redis is still starting
  try {
    await Promise.race([
      redis.ping(),
      ended.then((code) => Promise.reject(new Error(`redis-server ended with ${code}.`))),
      delay(10_000, null, { ref: false }).then(() => Promise.reject(new Error('redis-server says nothing.'))),
    ]);
    const [, version] = /redis_version:(\S+)/.exec(await redis.info('server'));
    return await use({ redis, port, url: `redis://127.0.0.1:${port}`, version });
  } finally {
    redis.disconnect();
    child.kill('SIGKILL');
    await ended;
    process.off('exit', killAtExit);
    rmSync(folder, { recursive: true, force: true });
  }
}
