import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseNotificationsFile } from '../src/channels/notifications-file';
import type { Flaw } from '../src/config-files/file-problem';
import { parseAllowlists, parseQueries } from '../src/inputs/input-file';
import { parseProjectFile } from '../src/projects/project-file';
import { PROJECT_FILE_SCHEMA } from '../src/projects/project-file.schema';
import { parseQuotaFile } from '../src/quota/quota-file';
import type { Run } from '../src/runs/run';
import { anchorsOf, type GuideBlock, readGuide, yamlBlocks } from './support/guide';
import { type Folders, makeFolders, RunningApp, writeConfig } from './support/jobato';
import { readSse } from './support/sse';

const GUIDE = readGuide('projects.md');
const BLOCKS = yamlBlocks(GUIDE);
const idOf = ({ yaml }: GuideBlock) => /^id: (\S+)$/m.exec(yaml)?.[1];
const PROJECTS = new Map(BLOCKS.flatMap((block) => (idOf(block) ? [[idOf(block)!, block]] : [])));

/** What the guide says in its own words about the steps and params of a run. */
const TOLD: Record<string, { params?: object; steps?: object; run?: object; stopAfter?: string }> = {
  load: { params: { day: '2026-03-31' } },
  publish: { params: { token: 'npm_0123456789' } },
  nightly: { steps: { backup: 'failed', upload: 'skipped', tell: 'completed', 'clean-up': 'completed' } },
  lenient: { steps: { optional: 'failed', report: 'completed' } },
  slow: { steps: { work: 'failed', 'clean-up': 'completed' } },
  deploy: {
    stopAfter: 'deploying',
    steps: { deploy: 'cancelled', tell: 'skipped', unlock: 'completed' },
  },
  values: { run: { outputs: { load: { rowCount: 12, file: 'a b.csv' } } } },
  report: { run: { metrics: { pagesCount: 3 }, artifacts: [{ name: 'report.md' }] } },
};

/** Projects for sentences of the guide that have no example beside them. */
const UNTOLD = {
  masked: `id: masked
steps:
  - name: load
    passEnv: [REPORT_TOKEN]
    run: |
      echo "{\\"output\\":{\\"token\\":\\"$REPORT_TOKEN\\"}}" >&3
  - { name: show, command: [echo, 'token \${outputs.load.token}'] }
`,
  'one-needs': `id: one-needs
steps:
  - { name: first, run: 'until [ -e "$JOBATO_WORK_DIR/second" ]; do sleep 0.02; done' }
  - { name: second, run: touch "$JOBATO_WORK_DIR/second" }
  - { name: tell, when: failure, needs: [first], run: echo telling }
`,
  'bad-end': `id: bad-end
steps:
  - { name: work, run: echo working }
  - { name: clean-up, when: always, run: exit 3 }
`,
  'last-attempt': `id: last-attempt
steps:
  - name: fetch
    run: |
      echo "{\\"metrics\\":{\\"n$JOBATO_STEP_ATTEMPT\\":1},\\"output\\":{\\"n$JOBATO_STEP_ATTEMPT\\":1}}" >&3
      test "$JOBATO_STEP_ATTEMPT" = 1 && echo '{"partial":{"reason":"half-done"}}' >&3
      test "$JOBATO_STEP_ATTEMPT" = 2
    retry: { maxAttempts: 2, delaySeconds: 0 }
`,
};

describe('the guide to project files', () => {
  describe('runs its projects', () => {
    let folders: Folders;
    let jobato: RunningApp;
    beforeAll(async () => {
      const told = Object.fromEntries([...PROJECTS].map(([id, { yaml }]) => [id, yaml]));
      folders = makeFolders({ ...told, ...UNTOLD });
      writeConfig(folders, 'quota.yaml', BLOCKS.find(({ yaml }) => /^quota:$/m.test(yaml))!.yaml);
      jobato = await RunningApp.start(folders, { REPORT_TOKEN: 'the-token-of-the-reports' });
    });
    afterAll(async () => {
      await jobato.stop();
      rmSync(folders.root, { recursive: true, force: true });
    });

    const logOf = async (runId: string) => (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
    const withoutIds = (log: string) => log.replace(/process group \d+/g, 'process group …');
    async function logged(runId: string, text: string): Promise<void> {
      for await (const { event, data } of readSse(`${jobato.url}/api/runs/${runId}/logs`))
        if (event === 'log' && data.includes(text)) return;
    }
    const statuses = ({ steps }: Run) => Object.fromEntries(steps.map(({ name, status }) => [name, status]));

    it.each([...PROJECTS.keys()])('%s, with the end and the log that it names', async (id) => {
      const { prose, text } = PROJECTS.get(id)!;
      const told = TOLD[id] ?? {};
      const { runId } = await jobato.trigger(id, { params: told.params ?? {} });
      if (told.stopAfter !== undefined) {
        await logged(runId, told.stopAfter);
        await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
      }
      const ended = await jobato.untilEnded(runId);

      expect(ended.status).toBe(/ ends `(\w+)`/.exec(prose)?.[1]);
      const reason = / ends `\w+`, with the reason `([\w-]+)`/.exec(prose)?.[1];
      if (reason !== undefined) expect(ended.statusReason).toBe(reason);
      if (told.steps !== undefined) expect(statuses(ended)).toEqual(told.steps);
      if (told.run !== undefined) expect(ended).toMatchObject(told.run);
      if (text !== null) expect(withoutIds(await logOf(runId))).toBe(withoutIds(text));
    });

    it('that mask an output with a secret, for later steps too', async () => {
      const { runId } = await jobato.trigger('masked');
      expect(await jobato.untilEnded(runId)).toMatchObject({
        status: 'completed',
        outputs: { load: { token: '***' } },
      });
      expect(await logOf(runId)).toBe(
        'Later steps get *** in place of the secret in output token. Pass secrets on with passEnv.\ntoken ***\n',
      );
    });

    it('as a graph if a single step has needs', async () => {
      const { runId } = await jobato.trigger('one-needs');
      expect(statuses(await jobato.untilEnded(runId))).toEqual({
        first: 'completed',
        second: 'completed',
        tell: 'skipped',
      });
    });

    it('that fail because an always step fails', async () => {
      const { runId } = await jobato.trigger('bad-end');
      const ended = await jobato.untilEnded(runId);
      expect(ended.status).toBe('failed');
      expect(statuses(ended)).toEqual({ work: 'completed', 'clean-up': 'failed' });
    });

    it('whose outputs and end are those of the last attempt', async () => {
      const { runId } = await jobato.trigger('last-attempt');
      const ended = await jobato.untilEnded(runId);
      expect(ended).toMatchObject({ status: 'completed', metrics: { n1: 1, n2: 1 } });
      expect(ended.outputs).toEqual({ fetch: { n2: 1 } });
    });

    it('with the steps of each scope', async () => {
      const { prose } = PROJECTS.get('weekly')!;
      const rows = [...prose.matchAll(/\| `([\w:]+)` +\| ([\w, ]+?) +\|/g)];
      expect(rows).toHaveLength(5);
      for (const [, scope, steps] of rows) {
        const { runId } = await jobato.trigger('weekly', { scope });
        const ended = await jobato.untilEnded(runId);
        expect([scope, ended.status]).toEqual([scope, 'completed']);
        expect([scope, ended.steps.map(({ name }) => name).join(', ')]).toEqual([scope, steps]);
        if (scope === 'from:words') expect(await logOf(runId)).toContain('words of 4 pages');
      }
    });
  });

  it.each(BLOCKS.filter((block) => idOf(block) === undefined).map((block) => [block.line, block] as const))(
    'has a part of a file at line %i, with the problems that it names',
    (_line, { yaml, text }) =>
      expect(flawsOf(yaml).map(({ reason }) => reason)).toEqual(text === null ? [] : text.trim().split('\n')),
  );

  it('lists each key of a project and of a step', () => {
    const listed = (part: string) =>
      [...part.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, names]) =>
        names!.split(', ').map((name) => name.replace(/[`]|\..*/g, '')),
      );
    const [ofProject, ofStep] = GUIDE.split('\nOf a project:\n')[1]!.split('\nOf a step:\n');
    const { properties } = PROJECT_FILE_SCHEMA;
    expect(listed(ofProject!).sort()).toEqual(Object.keys(properties).sort());
    const keysOfSteps = Object.keys(properties.steps.items.properties);
    expect(listed(ofStep!.split('\nA param:')[0]!).sort()).toEqual(keysOfSteps.sort());
  });

  it('has no link to a heading or a file that does not exist', () => {
    const targets = [...GUIDE.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
    const anchors = anchorsOf(GUIDE).map((anchor) => `#${anchor}`);
    const missing = targets
      .filter((target) => !target.startsWith('https:'))
      .filter((target) =>
        target.startsWith('#')
          ? !anchors.includes(target)
          : !existsSync(join(__dirname, '..', 'docs', target)),
      );
    expect(missing).toEqual([]);
  });
});

/** Completes a part of a project file to a whole one. */
function flawsOf(yaml: string): Flaw[] {
  if (/^queries:/m.test(yaml)) return parseQueries(yaml).flaws ?? [];
  if (/^allowlists:/m.test(yaml)) return parseAllowlists(yaml).flaws ?? [];
  if (/^quota:$/m.test(yaml)) return parseQuotaFile(yaml).flaws ?? [];
  if (/^channels:$/m.test(yaml)) return parseNotificationsFile(yaml).flaws ?? [];
  const steps = yaml.startsWith('- ') ? `steps:\n${yaml.replace(/^/gm, '  ')}` : yaml;
  const whole = /^steps:/m.test(steps) ? steps : `${steps}steps: [{ name: work, command: [make] }]\n`;
  return parseProjectFile(`id: part\n${whole}`).flaws ?? [];
}
