import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectListView, ProjectView } from '../src/projects/project-view';
import { ProjectCatalogue } from '../src/projects/project-catalogue';
import { problem } from './support/expect-problem';
import { nodeStep, RunningApp, writeProject } from './support/jobato';
import { readSse } from './support/sse';
import { until } from './support/until';

/** Resolves when the catalogue has read the files written by the test. */
function untilKnown(jobato: RunningApp, isReached: (projects: ProjectCatalogue) => boolean): Promise<void> {
  const projects = jobato.app.get(ProjectCatalogue);
  return until(() => isReached(projects));
}
const all = async (jobato: RunningApp) =>
  (await jobato.api.get('/api/projects').expect(200)).body as ProjectListView;
const one = async (jobato: RunningApp, projectId: string) =>
  (await jobato.api.get(`/api/projects/${projectId}`).expect(200)).body as ProjectView;

describe('GET /api/projects', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      off: `${nodeStep('off', '0', 'description: Off for now\ntags: [old, nightly]\nenabled: false\n')}`,
      first: `id: first\nname: The first\ndefault: true\nparams:\n  docs: { type: string, default: docs, description: Folder }\n  max: { type: integer, min: 1, max: 5, required: true }\n  mode: { type: enum, values: [a, b] }\nsteps:\n  - name: read\n    command: [echo, secret-argument]\n    timeoutSeconds: 600\n    env: { A: hidden-value }\n  - name: write\n    command: ['true']\nscopes: { both: [read, write] }\nmetrics: [terms]\n`,
      second: nodeStep('second', '0'),
      outside: 'id: outside\nexecutor: external\n',
    });
  });
  afterAll(() => jobato.stop());

  it('lists what a caller needs to start a run, without commands or variables', async () => {
    const { items, problems } = await all(jobato);
    expect(problems).toEqual([]);
    expect(items.map(({ projectId }) => projectId)).toEqual(['first', 'off', 'outside', 'second']);
    expect(items[0]).toMatchObject({
      id: 'first',
      projectId: 'first',
      name: 'The first',
      default: true,
      executor: 'steps',
      steps: [
        { name: 'read', timeoutSeconds: 600 },
        { name: 'write', timeoutSeconds: null },
      ],
      scopes: ['full', 'both', 'from:write', 'only:read', 'only:write'],
      params: {
        docs: { type: 'string', default: 'docs', description: 'Folder', required: false },
        max: { type: 'integer', min: 1, max: 5, required: true },
        mode: { type: 'enum', values: ['a', 'b'] },
      },
      metrics: ['terms'],
      state: 'never-run',
    });
    expect(items[1]).toMatchObject({ description: 'Off for now', tags: ['old', 'nightly'], enabled: false });
    expect(items[3]).toMatchObject({
      description: null,
      tags: [],
      enabled: true,
      default: false,
      metrics: ['newJobsCount', 'relevantCount'],
      name: 'second',
    });
    for (const item of items) expect(item).toEqual(await one(jobato, item.projectId));
    expect(JSON.stringify(items)).not.toMatch(/secret-argument|hidden-value/);
    await jobato.api.get('/api/projects/nothing').expect(problem(404, 'PROJECT_NOT_FOUND'));
  });

  it('lists the projects with a tag', async () => {
    const idsWith = async (tag: string) => {
      const { body } = await jobato.api.get(`/api/projects?tag=${tag}`).expect(200);
      return (body as { items: { id: string }[] }).items.map(({ id }) => id);
    };
    expect(await idsWith('nightly')).toEqual(['off']);
    expect(await idsWith('night')).toEqual([]);
    expect((await idsWith('')).length).toBe(4);
  });

  it('starts no run of a disabled project', async () => {
    const before = await jobato.api.get('/api/runs?projectId=off');
    await jobato.api
      .post('/api/projects/off/runs')
      .expect(problem(409, 'PROJECT_DISABLED', { detail: expect.stringContaining('enabled: false') }));
    expect((await jobato.api.get('/api/runs?projectId=off')).body).toEqual(before.body);
    const page = await (await jobato.fetch('/projects/off')).text();
    expect(page).toContain('This project is disabled.');
    expect(page).toContain('Off for now');
    expect(page).toMatch(/id="run-button"[^>]*disabled/);
    const overview = await (await jobato.fetch('/?tag=nightly')).text();
    expect(overview).toContain('id="project-off"');
    expect(overview).not.toContain('id="project-second"');
    expect(overview).not.toContain('id="run-off"');
  });

  it("returns the state of each project's last run", async () => {
    const { runId } = await jobato.trigger('second');
    await jobato.untilEnded(runId);
    expect((await one(jobato, 'second')).state).toBe('completed');
    const external = await jobato.trigger('outside');
    expect((await one(jobato, 'outside')).state).toBe('running');
    await jobato.api.delete(`/api/runs/${external.runId}`);
    expect((await one(jobato, 'outside')).state).toBe('cancelled');
  });
});

describe('project files', () => {
  let jobato: RunningApp;
  beforeEach(async () => {
    jobato = await RunningApp.start({ steady: nodeStep('steady', '0') });
  });
  afterEach(() => jobato.stop());

  it.each<[string, string, number | null, RegExp]>([
    ['no YAML', 'id: x\nsteps: [', 2, /\S/],
    ['empty', '', 1, /mapping/],
    ['a list', '- id: x\n', 1, /mapping/],
    ['without id', 'name: x\nsteps: []\n', 1, /"id"/],
    ['with a bad id', 'id: Not Good\nsteps: []\n', 1, /"id"/],
    ['with an unknown key', 'id: x\nstep: []\n', 2, /unknown key "step"/],
    ['without steps', 'id: x\nname: y\n', 1, /"steps"/],
    ['with a step without a command', 'id: x\nsteps:\n  - name: a\n', 3, /"command"/],
    ['with a command as text', 'id: x\nsteps:\n  - name: a\n    command: rm -rf /\n', 4, /a list/],
    ['with an empty command', 'id: x\nsteps:\n  - name: a\n    command: []\n', 4, /command/],
    [
      'with two steps of a name',
      'id: x\nsteps:\n  - { name: a, command: [a] }\n  - { name: a, command: [b] }\n',
      4,
      /two steps/,
    ],
    [
      'with a scope of unknown steps',
      'id: x\nsteps: [{ name: a, command: [a] }]\nscopes:\n  s: [b]\n',
      4,
      /"b", which is not a step/,
    ],
    [
      'with a scope called full',
      'id: x\nsteps: [{ name: a, command: [a] }]\nscopes:\n  full: [a]\n',
      4,
      /built-in scope/,
    ],
    [
      'with an unfit default',
      'id: x\nparams:\n  n: { type: integer, default: many }\nsteps: [{ name: a, command: [a] }]\n',
      3,
      /whole number/,
    ],
    [
      'with a negative time',
      'id: x\ntimeoutSeconds: -1\nsteps: [{ name: a, command: [a] }]\n',
      2,
      /timeoutSeconds/,
    ],
    [
      'with a bomb of aliases',
      `id: x\na: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]!}`).join(',')}]\n`).join('')}`,
      null,
      /alias|unknown key/i,
    ],
    ['of a taken id', nodeStep('steady', '1'), null, /already used by projects\/steady\.yaml/],
  ])('are reported when invalid: %s', async (_name, yaml, line, reason) => {
    writeProject(jobato.folders, 'zz-wrong', yaml);
    await untilKnown(jobato, (projects) => projects.problems().length > 0);
    const { items, problems } = await all(jobato);
    expect(problems).toContainEqual({
      file: 'projects/zz-wrong.yaml',
      line: line ?? expect.any(Number),
      reason: expect.stringMatching(reason),
    });
    expect(new Set(problems.map(({ file }) => file))).toEqual(new Set(['projects/zz-wrong.yaml']));
    expect(items.map(({ projectId }) => projectId)).toEqual(['steady']);
    const { runId } = await jobato.trigger('steady');
    expect((await jobato.untilEnded(runId)).status).toBe('completed');
  });

  it('are reloaded when added, changed, broken, fixed and removed', async () => {
    writeProject(jobato.folders, 'new', nodeStep('new', '0'));
    await untilKnown(jobato, (projects) => projects.find('new') !== null);
    const { definitionHash } = await one(jobato, 'new');

    writeProject(jobato.folders, 'new', nodeStep('new', '0', 'name: Renamed\n'));
    await untilKnown(jobato, (projects) => projects.find('new')?.definition.name === 'Renamed');
    expect((await one(jobato, 'new')).definitionHash).not.toBe(definitionHash);

    // A broken file keeps its last valid version and is listed as a problem.
    writeProject(jobato.folders, 'new', 'id: [');
    await untilKnown(jobato, (projects) => projects.problems().length === 1);
    const { items, problems } = await all(jobato);
    expect(items.map(({ name }) => name).sort()).toEqual(['Renamed', 'steady']);
    expect(problems[0]!.file).toBe('projects/new.yaml');

    writeProject(jobato.folders, 'new', nodeStep('new', '0'));
    await untilKnown(jobato, (projects) => projects.problems().length === 0);
    rmSync(join(jobato.folders.configDir, 'projects', 'new.yaml'));
    await untilKnown(jobato, (projects) => projects.find('new') === null);
    await jobato.api.get('/api/projects/new').expect(problem(404, 'PROJECT_NOT_FOUND'));
  });

  it('can change during a run, which keeps its definition', async () => {
    const step = (name: string, text: string) =>
      `  - name: ${name}\n    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(text)}]\n`;
    const waitsForGo = `require('fs').watch(process.env.JOBATO_RUN_DIR, () => process.exit(0)); console.log('waiting')`;
    writeProject(
      jobato.folders,
      'kept',
      `id: kept\nsteps:\n${step('first', waitsForGo)}${step('second', "console.log('old')")}`,
    );
    await untilKnown(jobato, (projects) => projects.find('kept') !== null);
    const { runId } = await jobato.trigger('kept');
    await jobato.until(runId, ({ steps }) => steps[0]!.status === 'running');
    writeProject(jobato.folders, 'kept', `id: kept\nsteps:\n${step('second', "console.log('new')")}`);
    await untilKnown(jobato, (projects) => projects.find('kept')?.definition.steps.length === 1);

    for await (const { event } of readSse(`${jobato.url}/api/runs/${runId}/logs`)) if (event === 'log') break;
    writeFileSync(join(jobato.folders.dataDir, 'runs', runId, 'go'), '');
    expect((await jobato.untilEnded(runId)).status).toBe('completed');
    await jobato.api.get(`/api/runs/${runId}/logs`).expect(200, 'waiting\nold\n');

    const next = await jobato.trigger('kept');
    await jobato.untilEnded(next.runId);
    await jobato.api.get(`/api/runs/${next.runId}/logs`).expect(200, 'new\n');

    // Runs outlive their project and stay readable.
    rmSync(join(jobato.folders.configDir, 'projects', 'kept.yaml'));
    await untilKnown(jobato, (projects) => projects.find('kept') === null);
    await jobato.api.get(`/api/projects/kept/runs/${runId}`).expect(200);
    await jobato.api.post(`/api/runs/${runId}/rerun`).expect(problem(404, 'PROJECT_NOT_FOUND'));
  });
});
