import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliProcess } from '../support/cli-process';
import { type Folders, makeFolders } from '../support/jobato';

const OUR_CONFIG = join(__dirname, '..', '..', 'config');

describe('demo command', () => {
  let data: string;
  beforeEach(() => (data = mkdtempSync(join(tmpdir(), 'jobato-demo-'))));
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  const demoAt = (port: number, configDir: string, ...args: string[]) =>
    CliProcess.start('dist/cli/jobato.js', ['demo', ...args], {
      DATA_DIR: data,
      CONFIG_DIR: configDir,
      PORT: String(port),
      NO_COLOR: '1',
    });
  const demo = (configDir: string, ...args: string[]) => demoAt(0, configDir, ...args);

  it('builds a glossary, shows it, and exits after the run with --once', async () => {
    const { exitCode, stdout, stderr } = await demo(OUR_CONFIG, '--once').ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/✓ completed +step refined/);
    const [glossary] = /^ +(\S+glossary\.md)$/m.exec(stdout)!.slice(1);
    expect(existsSync(glossary!)).toBe(true);
    expect(stdout).toMatch(/Most used of \d+ terms:\n {2}\S/);
  });

  it('searches recorded job postings twice, and shows what is new', async () => {
    const { exitCode, stdout, stderr } = await demo(OUR_CONFIG, '--project', 'job-search', '--once').ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.match(/newJobsCount=\d+ relevantCount=\d+/g)).toEqual([
      'newJobsCount=20 relevantCount=16',
      'newJobsCount=5 relevantCount=4',
    ]);
    expect(stdout).toMatch(/^Live result: jobs\.db, http\S+\/projects\/job-search\/results$/m);
  });

  describe('with a given project', () => {
    let folders: Folders;
    afterEach(() => rmSync(folders.root, { recursive: true, force: true }));

    it('keeps serving until stopped and then stops its server', async () => {
      folders = makeFolders({ tiny: 'id: tiny\nsteps:\n  - { name: say, command: [echo, hi] }\n' });
      const running = demo(folders.configDir);
      await running.says('Press Ctrl-C to stop the server');
      const [, url] = /Jobato is running at (\S+) and /.exec(running.stdout)!;
      expect(running.stdout).toMatch(new RegExp(`^Open ${url}/runs/[0-9a-f-]{36}$`, 'm'));
      expect((await fetch(`${url}/api/health/ready`)).status).toBe(200);

      const second = await demo(folders.configDir, '--once').ended;
      expect(second.exitCode).toBe(1);
      expect(second.stderr).toContain('Another Jobato server is using');

      running.child.kill('SIGTERM');
      expect(await running.ended).toMatchObject({ exitCode: 0, stderr: '' });
      await expect(fetch(`${url}/api/health/ready`)).rejects.toThrow();
    });

    it('sends no request to another server on its port', async () => {
      folders = makeFolders({ tiny: 'id: tiny\nsteps:\n  - { name: say, command: [echo, hi] }\n' });
      const asked: string[] = [];
      const other = createServer(({ url }, response) => {
        asked.push(url!);
        response.end('{}');
      });
      await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
      const { port } = other.address() as AddressInfo;
      const { exitCode, stderr } = await demoAt(port, folders.configDir, '--once').ended;
      other.close();
      expect({ exitCode, asked }).toEqual({ exitCode: 1, asked: [] });
      expect(stderr).toContain(String(port));
    });

    it('exits 1 when the run fails', async () => {
      folders = makeFolders({ tiny: 'id: tiny\nsteps:\n  - { name: break, command: [sh, -c, exit 7] }\n' });
      expect(await demo(folders.configDir, '--once').ended).toMatchObject({ exitCode: 1 });
    });
  });
});
