import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { HealthReport } from '../src/health/health.service';
import type { ProjectListView } from '../src/projects/project-view';
import { ProjectCatalogue } from '../src/projects/project-catalogue';
import { Quotas } from '../src/quota/quotas';
import { expectProblem } from './support/expect-problem';
import { nodeStep, RunningApp, threeCallsADay, writeConfig, writeProject } from './support/jobato';
import { until } from './support/until';

const QUOTA_PROGRAM = `require('fs').writeSync(3, JSON.stringify({ quota: { used: 3 } }) + '\\n')`;

let jobato: RunningApp;
beforeEach(async () => {
  jobato = await RunningApp.start({
    talks: nodeStep('talks', '0', 'default: true\n'),
    calls: nodeStep('calls', QUOTA_PROGRAM, 'quota: true\n'),
  });
});
afterEach(() => jobato.stop());

const config = (...names: string[]) => join(jobato.folders.configDir, ...names);
const trigger = (projectId: string) => jobato.fetch(`/api/projects/${projectId}/runs`, { method: 'POST' });
const projects = async () => (await (await jobato.fetch('/api/projects')).json()) as ProjectListView;
const health = async () => {
  const response = await jobato.fetch('/api/health');
  return { code: response.status, ...((await response.json()) as HealthReport).dependencies.projects! };
};
const nameOf = (projectId: string) => jobato.app.get(ProjectCatalogue).get(projectId).definition.name;

describe('current project files at the start of a run', () => {
  const renamed = (name: string) => nodeStep('talks', '0', `default: true\nname: ${name}\n`);

  it.each<[string, () => void]>([
    ['edited', () => writeProject(jobato.folders, 'talks', renamed('Next'))],
    [
      'in a folder that was removed and copied again',
      () => {
        cpSync(config('projects'), config('copy'), { recursive: true });
        rmSync(config('projects'), { recursive: true });
        mkdirSync(config('projects'));
        cpSync(config('copy'), config('projects'), { recursive: true });
        writeProject(jobato.folders, 'talks', renamed('Next'));
      },
    ],
    [
      'behind a link that was switched',
      () => {
        for (const release of ['release-1', 'release-2'])
          cpSync(jobato.folders.configDir, join(jobato.folders.root, release), { recursive: true });
        writeProject(
          { ...jobato.folders, configDir: join(jobato.folders.root, 'release-2') },
          'talks',
          renamed('Next'),
        );
        rmSync(jobato.folders.configDir, { recursive: true });
        symlinkSync('release-1', jobato.folders.configDir);
        symlinkSync('release-2', join(jobato.folders.root, 'switched'));
        renameSync(join(jobato.folders.root, 'switched'), jobato.folders.configDir);
      },
    ],
  ])('are used when %s', async (_how, change) => {
    change();
    expect((await trigger('talks')).status).toBe(201);
    expect(nameOf('talks')).toBe('Next');
    expect((await health()).needsAttention).toBe(false);
  });

  it('are used for a project added a moment before', async () => {
    writeProject(jobato.folders, 'late', nodeStep('late', '0'));
    expect((await trigger('late')).status).toBe(201);
  });

  it('are used for a re-run', async () => {
    const { runId } = await jobato.trigger('talks');
    await jobato.untilEnded(runId);
    writeProject(jobato.folders, 'talks', renamed('Next'));
    expect((await jobato.fetch(`/api/runs/${runId}/rerun`, { method: 'POST' })).status).toBe(201);
    expect(nameOf('talks')).toBe('Next');
  });
});

describe('unreadable configuration', () => {
  it('keeps the projects and reports trouble until it is readable', async () => {
    renameSync(config('projects'), config('away'));
    symlinkSync('nowhere', config('projects'));
    expect((await trigger('talks')).status).toBe(201);
    expect(await health()).toMatchObject({
      code: 503,
      message: expect.stringMatching(
        /^projects: the folder cannot be read: no such file or directory\. The last valid version stays/,
      ),
    });
    expect((await projects()).problems).toMatchObject([{ file: 'projects', line: null }]);
    unlinkSync(config('projects'));
    renameSync(config('away'), config('projects'));
    await jobato.app.get(ProjectCatalogue).reload();
    expect(await health()).toMatchObject({ code: 200, needsAttention: false });
  });

  it.each<[string, () => void]>([
    [
      'quota.yaml is a link to itself',
      () => {
        unlinkSync(config('quota.yaml'));
        symlinkSync('quota.yaml', config('quota.yaml'));
      },
    ],
    ['quota.yaml is missing for a moment', () => unlinkSync(config('quota.yaml'))],
    [
      'the configuration folder is missing',
      () => renameSync(jobato.folders.configDir, join(jobato.folders.root, 'away')),
    ],
  ])('never resets an exhausted quota: %s', async (_what, lose) => {
    writeConfig(jobato.folders, 'quota.yaml', threeCallsADay());
    const { runId } = await jobato.trigger('calls');
    await jobato.untilEnded(runId);
    await expectProblem(await trigger('calls'), 429, 'QUOTA_REACHED');
    lose();
    await jobato.app.get(Quotas).reload();
    await expectProblem(await trigger('calls'), 429, 'QUOTA_REACHED');
  });

  it('is reported for quota.yaml in health, on pages and in the API', async () => {
    writeConfig(jobato.folders, 'quota.yaml', threeCallsADay());
    await jobato.app.get(Quotas).reload();
    unlinkSync(config('quota.yaml'));
    symlinkSync('quota.yaml', config('quota.yaml'));
    await jobato.app.get(Quotas).reload();
    const reason = 'the file cannot be read: too many symbolic links encountered';
    expect(await health()).toMatchObject({
      code: 200,
      needsAttention: true,
      message: `2 projects. quota.yaml: ${reason}`,
    });
    expect((await projects()).problems).toEqual([{ file: 'quota.yaml', line: null, reason }]);
    const page = await (await jobato.fetch('/')).text();
    expect(page).toContain(`<code>${config('quota.yaml')}</code>: ${reason}`);
    expect(await (await jobato.fetch('/quota')).text()).toContain(
      `<code>${config('quota.yaml')}</code> needs fixing`,
    );
  });

  it('does not apply to a removed quota.yaml, which lifts the limit', async () => {
    writeConfig(jobato.folders, 'quota.yaml', threeCallsADay());
    await jobato.app.get(Quotas).reload();
    unlinkSync(config('quota.yaml'));
    await until(() => jobato.app.get(Quotas).rules === null);
    expect((await trigger('calls')).status).toBe(201);
  });
});

it('a duplicate project file does not replace the running or default project', async () => {
  writeProject(jobato.folders, 'a copy of talks', nodeStep('talks', 'process.exit(1)', 'default: true\n'));
  writeProject(jobato.folders, 'another', nodeStep('another', '0', 'default: true\n'));
  const response = await jobato.fetch('/api/runs', { method: 'POST' });
  expect(await response.json()).toMatchObject({ projectId: 'talks' });
  expect((await trigger('another')).status).toBe(201);
  expect((await projects()).problems).toEqual([
    {
      file: 'projects/a copy of talks.yaml',
      line: 1,
      reason: 'the id "talks" is already used by projects/talks.yaml',
    },
    {
      file: 'projects/another.yaml',
      line: 2,
      reason: '"default: true" is ignored because projects/talks.yaml is already the default project',
    },
  ]);
});
