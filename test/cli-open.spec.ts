import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunView } from '../src/runs/run-view';
import { CliProcess, type CliResult } from './support/cli-process';
import { nodeStep, RunningApp } from './support/jobato';

describe('jobato open', () => {
  let jobato: RunningApp;
  let folder: string;
  let browser: string;
  let first: RunView;
  beforeAll(async () => {
    jobato = await RunningApp.start({ one: nodeStep('one', '0') });
    first = await jobato.trigger('one');
    await jobato.untilEnded(first.runId);
    folder = mkdtempSync(join(tmpdir(), 'jobato-cli-open-'));
    browser = join(folder, 'a browser');
    writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" > '${join(folder, 'opened')}'\n`);
    chmodSync(browser, 0o755);
  });
  afterAll(async () => {
    await jobato.stop();
    rmSync(folder, { recursive: true });
  });

  const run = (args: string[], environment: Record<string, string> = {}): Promise<CliResult> =>
    CliProcess.start('bin/jobato.mjs', ['open', ...args], { JOBATO_URL: jobato.url, ...environment }).ended;

  it('opens the page of a run in the browser', async () => {
    const page = `${jobato.url}/runs/${first.runId}`;
    expect(await run(['one/1'], { BROWSER: browser })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `Opened ${page}\n`,
    });
    expect(readFileSync(join(folder, 'opened'), 'utf8')).toBe(`${page}\n`);
  });

  it('prints the address with --print, without a display, and if the browser fails', async () => {
    const page = `${jobato.url}/projects/one\n`;
    expect(await run(['one', '--print'], { BROWSER: browser })).toEqual({
      exitCode: 0,
      stdout: page,
      stderr: '',
    });
    const without: Record<string, string>[] = [
      {},
      { BROWSER: join(folder, 'missing') },
      { BROWSER: 'false' },
    ];
    for (const environment of without) {
      const { exitCode, stdout, stderr } = await run(['one'], environment);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: page });
      expect(stderr).toBe('No browser was found. Open this address:\n');
    }
  });

  it('takes a part of an id, and nothing for the overview', async () => {
    const { stdout } = await run([first.runId.slice(-12), '--print']);
    expect(stdout).toBe(`${jobato.url}/runs/${first.runId}\n`);
    expect((await run(['--print'])).stdout).toBe(`${jobato.url}\n`);
  });

  it('exits 1 for an unknown project or run', async () => {
    for (const what of ['two', 'one/7', first.runId.replace(/.$/, 'x'), first.runId.replace(/^./, 'f')]) {
      const { exitCode, stdout, stderr } = await run([what, '--print']);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).not.toBe('');
    }
  });
});
