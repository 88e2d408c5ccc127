import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/crash';
import { type Folders, makeFolders, nodeStep } from '../support/jobato';
import { freePort } from '../support/worker-child';

const ROOT = join(__dirname, '..', '..');
/** A start takes 2 s, and much longer on a busy machine. */
const READY_WITHIN_MS = 60_000;

describe('server log', () => {
  let folders: Folders;
  let child: ChildProcess;
  let url: string;
  beforeEach(() => (folders = makeFolders({ greets: nodeStep('greets', "console.log('hello')") })));
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folders.root, { recursive: true, force: true });
  });

  async function start(stdout: 'pipe' | number, environment: Record<string, string> = {}): Promise<void> {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    child = spawn(process.execPath, [join(ROOT, 'dist', 'main.js')], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        DATA_DIR: folders.dataDir,
        CONFIG_DIR: folders.configDir,
        MIN_FREE_DISK_MB: '0',
        ...environment,
      },
      stdio: ['ignore', stdout, 'ignore'],
    });
  }

  const isReady = () =>
    fetch(`${url}/api/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );

  async function end(): Promise<number | null> {
    const gone = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    return (await gone)[0];
  }

  async function completesRun(): Promise<void> {
    const answer = await fetch(`${url}/api/projects/greets/runs`, { method: 'POST' });
    const { runId } = (await answer.json()) as { runId: string };
    await eventually('the end of the run', async () => {
      const run = (await (await fetch(`${url}/api/runs/${runId}`)).json()) as { status: string };
      return run.status === 'completed';
    });
  }

  it('does not stop the server if it cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    await start(full);
    closeSync(full);
    await eventually('the server to be ready', isReady, READY_WITHIN_MS);
    await completesRun();
    expect(await end()).toBe(0);
  });

  it('does not stop the server if its reader is gone', async () => {
    await start('pipe');
    child.stdout!.destroy();
    await eventually('the server to be ready', isReady, READY_WITHIN_MS);
    await completesRun();
    expect(await end()).toBe(0);
  });

  it('does not block the server or its shutdown if its reader stops reading', async () => {
    await start('pipe', { LOG_LEVEL: 'debug' });
    await eventually('the server to be ready', isReady, READY_WITHIN_MS);
    const path = `/not-there?filler=${'x'.repeat(8000)}`;
    for (let requests = 0; requests < 40; requests++) await (await fetch(url + path)).arrayBuffer();
    await completesRun();
    expect(await end()).toBe(0);
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('continues after its disk was full and reports dropped lines', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'jobato-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', disk]);
    try {
      const filler = join(disk, 'filler');
      const log = join(disk, 'server.log');
      const file = openSync(log, 'a');
      await start(file);
      closeSync(file);
      await eventually('the server to be ready', isReady, READY_WITHIN_MS);
      expect(() => writeFileSync(filler, Buffer.alloc(1024 * 1024))).toThrow('ENOSPC');
      // The last page of the log file may still have room.
      for (let more = 0; more < 40; more++) {
        await fetch(`${url}/not-there?filler=${'x'.repeat(200)}`);
      }
      await completesRun();
      rmSync(filler);
      await eventually('the line about what is missing', async () => {
        await fetch(`${url}/not-there`);
        return /Dropped \d+ log lines: ENOSPC/.test(readFileSync(log, 'utf8'));
      });
      expect(await end()).toBe(0);
    } finally {
      execFileSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});
