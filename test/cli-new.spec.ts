import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_SCHEMAS } from '../src/config-schemas/config-schemas';
import { CliProcess, type CliResult } from './support/cli-process';
import { RunningApp } from './support/jobato';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-new-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const jobato = (args: string[], environment: Record<string, string> = {}): Promise<CliResult> =>
  CliProcess.start('bin/jobato.mjs', args, environment, folder).ended;
const projects = () => readdirSync(join(folder, 'config', 'projects'));
/** Returns the file to which the first line of another file points. */
function schemaOf(file: string): unknown {
  const [, path] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8'))!;
  return JSON.parse(readFileSync(join(file, '..', path!), 'utf8'));
}

describe('jobato new', () => {
  it('writes a project that runs on the server', async () => {
    const app = await RunningApp.start({});
    try {
      const { configDir } = app.folders;
      const { exitCode, stdout, stderr } = await jobato(['new', 'report'], { CONFIG_DIR: configDir });
      const file = join(configDir, 'projects', 'report.yaml');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain(`written  ${file}\n`);
      expect(schemaOf(file)).toEqual(CONFIG_SCHEMAS.project);

      const { runId } = await app.trigger('report', { params: { name: 'you' } });
      expect(await app.untilEnded(runId)).toMatchObject({ status: 'completed' });
      const { body: run } = await app.api.get(`/api/runs/${runId}`).expect(200);
      expect(run).toMatchObject({ summary: { greetingsCount: 1 }, artifacts: [{ name: 'params.json' }] });
      const log = await app.api.get(`/api/runs/${runId}/logs`).set({ accept: 'text/plain' }).expect(200);
      expect(log.text).toContain(`Hello from run ${runId}`);
      const artifact = await app.api.get(run.artifacts[0].href).expect(200);
      expect(artifact.text ?? String(artifact.body)).toContain('"name":"you"');
    } finally {
      await app.stop();
    }
  });

  it('names the next commands, which accept the file', async () => {
    const { stdout } = await jobato(['new']);
    expect(projects()).toEqual(['my-project.yaml']);
    const [, validate] = /jobato -- (validate \S+)/.exec(stdout)!;
    expect(await jobato(validate!.split(' '))).toMatchObject({
      exitCode: 0,
      stdout: 'config/projects/my-project.yaml: valid, project my-project\n',
    });
    expect(stdout).toContain('trigger my-project --follow');
  });

  it('writes a project for an external worker', async () => {
    const { exitCode, stdout } = await jobato(['new', 'jobs', '--external']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('docs/external-workers.md')]);
    expect(readFileSync(join(folder, 'config', 'projects', 'jobs.yaml'), 'utf8')).toContain(
      '\nexecutor: external\n',
    );
    expect(await jobato(['validate'])).toMatchObject({ exitCode: 0 });
  });

  it.each(['Weekly Report', '../report', 'a.b', '', 'x'.repeat(101)])('refuses the id "%s"', async (id) => {
    const { exitCode, stderr } = await jobato(['new', id]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`"${id}" is not a valid id. Use a-z, 0-9 and -, at most 100 characters.`);
    expect(existsSync(join(folder, 'config'))).toBe(false);
  });

  it('never changes an existing file', async () => {
    mkdirSync(join(folder, 'config', 'projects'), { recursive: true });
    const file = join(folder, 'config', 'projects', 'report.yaml');
    writeFileSync(file, 'not: valid\n');
    expect(await jobato(['new', 'report'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'config/projects/report.yaml already exists. Choose another id, or edit the file.\n',
    });
    expect(readFileSync(file, 'utf8')).toBe('not: valid\n');
  });

  it('refuses an id that a file of another name has', async () => {
    mkdirSync(join(folder, 'config', 'projects'), { recursive: true });
    writeFileSync(join(folder, 'config', 'projects', 'old.yml'), 'id: report\nexecutor: external\n');
    expect(await jobato(['new', 'report'])).toMatchObject({
      exitCode: 2,
      stderr: 'config/projects/old.yml already has the id "report". Choose another id.\n',
    });
    expect(projects()).toEqual(['old.yml']);
  });

  it('explains why a file cannot be written', async () => {
    writeFileSync(join(folder, 'config'), 'a file');
    expect(await jobato(['new', 'report'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/^config\/projects\/report\.yaml cannot be written \(E\w+\)\./),
    });
  });
});

describe('jobato init', () => {
  it('writes files that name their schemas, and replaces only the schemas', async () => {
    expect(await jobato(['init'])).toMatchObject({ exitCode: 0, stderr: '' });
    const config = join(folder, 'config');
    expect(schemaOf(join(config, 'projects', 'hello.yaml'))).toEqual(CONFIG_SCHEMAS.project);
    for (const name of ['quota', 'queries', 'allowlists'] as const)
      expect(schemaOf(join(config, `${name}.yaml`))).toEqual(CONFIG_SCHEMAS[name]);

    writeFileSync(join(config, 'quota.yaml'), 'quota: { dailyLimit: 1 }\n');
    writeFileSync(join(config, 'schemas', 'quota.json'), '{}');
    const { stdout } = await jobato(['init']);
    expect(stdout.match(/^written.*$/gm)).toEqual(['written  config/schemas/quota.json']);
    expect(readFileSync(join(config, 'quota.yaml'), 'utf8')).toBe('quota: { dailyLimit: 1 }\n');
    expect(JSON.parse(readFileSync(join(config, 'schemas', 'quota.json'), 'utf8'))).toEqual(
      CONFIG_SCHEMAS.quota,
    );
  });
});
