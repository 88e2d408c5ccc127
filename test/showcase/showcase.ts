import { RejectedEvents } from '../../src/events/rejected-events';
import { Database } from '../../src/database/database';
import { ScheduleRepository } from '../../src/schedules/schedule.repository';
import { ProjectCatalogue } from '../../src/projects/project-catalogue';
import { makeFolders, RunningApp, writeConfig, writeProject } from '../support/jobato';
import { anEvent, HttpWorker, KEY } from '../support/worker-api';
import { addPastRuns } from './past-runs';
import { BROKEN_FILE, CHANGED_DIGEST, QUOTA_FILE, SHOWCASE_PROJECTS } from './projects';
import { publishTable } from '../support/table-results';
import { until } from '../support/until';

const COLOUR = {
  green: '\u001b[32m',
  red: '\u001b[31m',
  grey: '\u001b[90m',
  bold: '\u001b[1m',
  off: '\u001b[0m',
};

/** An installation in which every state that a page can show is there to be looked at. */
export class Showcase {
  private constructor(
    readonly jobato: RunningApp,
    /** Another one, which asks for a token. */
    readonly guarded: RunningApp,
    readonly runs: Record<RunName, string>,
  ) {}

  static async open(environment: Record<string, string> = {}): Promise<Showcase> {
    const folders = makeFolders({ ...SHOWCASE_PROJECTS, old: BROKEN_FILE });
    writeConfig(folders, 'quota.yaml', QUOTA_FILE);
    const jobato = await RunningApp.start(folders, { WORKER: 'off', JOBATO_API_KEY: KEY, ...environment });
    const guarded = await RunningApp.start({}, { JOBATO_ADMIN_TOKEN: 'a-token-of-some-length' });
    return new Showcase(jobato, guarded, await stage(jobato));
  }

  /** Starts a run that a worker here takes at once; what happens with it is up to the caller. */
  begin(projectId: string, body: object = {}): Promise<PlayedRun> {
    return PlayedRun.begin(this.jobato, projectId, body);
  }

  async close(): Promise<void> {
    await Promise.all([this.jobato.stop(), this.guarded.stop()]);
  }
}

export type RunName =
  | 'running'
  | 'waiting'
  | 'stopping'
  | 'failed'
  | 'partial'
  | 'completed'
  | 'cancelled'
  | 'rerun'
  | 'secondAttempt'
  | 'lost';

/** A run as its worker would carry it out, told of over HTTP. */
export class PlayedRun {
  private lines = 0;

  private constructor(
    private readonly worker: HttpWorker,
    readonly runId: string,
    private readonly attempt: number,
  ) {}

  static async begin(jobato: RunningApp, projectId: string, body: object): Promise<PlayedRun> {
    const { runId } = await jobato.trigger(projectId, body);
    return PlayedRun.take(jobato, projectId, runId, 1);
  }

  static async take(
    jobato: RunningApp,
    projectId: string,
    runId: string,
    attempt: number,
  ): Promise<PlayedRun> {
    const worker = new HttpWorker(jobato, `worker-${attempt}`);
    await worker.claimed({ projectIds: [projectId] });
    const played = new PlayedRun(worker, runId, attempt);
    await played.say('run.started', { workerId: worker.workerId, leaseSeconds: 3600 });
    return played;
  }

  async say(type: string, payload: object): Promise<void> {
    await this.worker.say(anEvent(this.runId, type, { attempt: this.attempt, ...payload }));
  }

  step(step: string, more: object = {}): Promise<void> {
    return this.say('run.progress', { step, stepStatus: 'running', ...more });
  }

  stepDone(step: string, exitCode = 0): Promise<void> {
    return this.say('run.progress', { step, stepStatus: exitCode === 0 ? 'completed' : 'failed', exitCode });
  }

  async print(step: string, stream: 'stdout' | 'stderr', ...texts: string[]): Promise<void> {
    const lines = texts.map((text) => ({ n: ++this.lines, stream, step, text }));
    await this.worker.log(this.runId, lines, { attempt: this.attempt });
  }

  async upload(name: string, content: string): Promise<void> {
    await this.worker.upload(this.runId, name, content);
  }

  /** As if its worker had been lost: the next one may take it. */
  async giveBack(): Promise<void> {
    await this.worker.release(this.runId, this.attempt);
  }
}

async function stage(jobato: RunningApp): Promise<Record<RunName, string>> {
  const metrics = { newJobsCount: 24, relevantCount: 9 };
  await addPastRuns(jobato, {
    projectId: 'search',
    runs: 60,
    everyHours: 12,
    stepSeconds: 45,
    troubleEvery: 9,
    metrics,
  });
  await addPastRuns(jobato, {
    projectId: 'glossary',
    runs: 12,
    everyHours: 20,
    stepSeconds: 9,
    troubleEvery: 0,
    metrics: { termsCount: 210, issuesCount: 14 },
  });
  await addPastRuns(jobato, {
    projectId: 'retrain',
    runs: 25,
    everyHours: 24,
    stepSeconds: 900,
    troubleEvery: 4,
    metrics: { accuracy: 0.91 },
  });
  await addPastRuns(jobato, {
    projectId: 'newsletter',
    runs: 8,
    everyHours: 168,
    stepSeconds: 30,
    troubleEvery: 3,
  });

  await skipSomeStarts(jobato);
  await publishInvoices(jobato);

  const runs = {
    completed: await completedRun(jobato),
    failed: await failedRun(jobato),
    partial: await partialRun(jobato),
    cancelled: await cancelledRun(jobato),
    stopping: await stoppingRun(jobato),
    secondAttempt: await secondAttempt(jobato),
    lost: await lostRun(jobato),
    waiting: (await jobato.trigger('invoices')).runId,
    running: await runningRun(jobato),
  };
  const answer = await jobato.fetch(`/api/runs/${runs.completed}/rerun`, { method: 'POST' });
  const { runId: rerun } = (await answer.json()) as { runId: string };
  const again = await PlayedRun.take(jobato, 'glossary', rerun, 1);
  await again.say('run.completed', { metrics: { termsCount: 214, issuesCount: 11 } });
  await rejectSomething(jobato, runs.failed);

  writeProject(jobato.folders, 'digest', CHANGED_DIGEST);
  const catalogue = jobato.app.get(ProjectCatalogue, { strict: false });
  await until(() => catalogue.get('digest').definition.steps.length === 3);
  return { ...runs, rerun };
}

/** A result with a table: links, long text, blanks, and text that is no HTML. */
async function publishInvoices(jobato: RunningApp): Promise<void> {
  await publishTable(jobato, new HttpWorker(jobato), 'invoices', (database, runId) => {
    database.exec('CREATE TABLE jobs (customer, due, amount, note, document, run_id)');
    const add = database.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)');
    for (let index = 0; index < 130; index++) {
      const day = String(1 + (index % 28)).padStart(2, '0');
      const note = index % 5 === 0 ? 'Reminded by letter, and by phone a week later. '.repeat(6) : null;
      const link = index % 7 === 0 ? 'file:///invoices' : `https://invoices.example/${index}`;
      const customer = index % 9 === 0 ? `<b>Customer</b> ${index}` : `Customer ${index}`;
      add.run(customer, `2026-12-${day}`, 100.5 * index, note, link, index < 60 ? runId : 'earlier');
    }
  });
}

/** Due times of schedules that started no run: alone, in a row, and with a reason. */
async function skipSomeStarts({ app }: RunningApp): Promise<void> {
  const schedules = app.get(ScheduleRepository, { strict: false });
  const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000;
  const recordedAt = new Date().toISOString();
  const key = { projectId: 'glossary', schedule: 'new-year' };
  await schedules.recordPassed({
    ...{ key, recordedAt },
    passed: [
      { outcome: 'missed', older: null, single: [30, 29, 28].map(hoursAgo) },
      { outcome: 'skipped-paused', older: null, single: [hoursAgo(6)] },
    ],
  });
  await schedules.recordRefusal({
    ...{ ...key, recordedAt, dueMs: hoursAgo(4), outcome: 'refused', reason: 'QUOTA_REACHED' },
    detail: 'The quota of 100 calls per day is used up. It resets at 2026-03-02T23:00:00.000Z.',
  });
}

async function completedRun(jobato: RunningApp): Promise<string> {
  const digest = await PlayedRun.begin(jobato, 'digest', {});
  await digest.say('run.completed', {});
  const run = await PlayedRun.begin(jobato, 'glossary', {});
  for (const step of ['extract', 'provisional', 'refine']) {
    await run.step(step);
    await run.print(
      step,
      'stdout',
      `${COLOUR.bold}${step}${COLOUR.off} begins`,
      `${COLOUR.green}✓${COLOUR.off} 71 documents read`,
    );
    await run.stepDone(step);
  }
  await run.upload(
    'glossary.md',
    '# Glossary\n\n| Term | Meaning |\n|---|---|\n| **Lease** | The right to carry a run out |\n\nSee [the issues](issues.json).\n\n- one\n- two\n\n```js\nconst answer = 42;\n```\n',
  );
  await run.upload(
    'issues.json',
    '[{"term":"lease","issue":"no definition"},{"term":"outbox","issue":"two meanings"}]',
  );
  await run.upload('notes.txt', 'Nothing out of the ordinary.\n');
  await run.say('run.completed', {
    metrics: { termsCount: 213, issuesCount: 12 },
    artifacts: [{ name: 'glossary.md' }, { name: 'issues.json' }, { name: 'notes.txt' }],
  });
  return run.runId;
}

async function failedRun(jobato: RunningApp): Promise<string> {
  const run = await PlayedRun.begin(jobato, 'retrain', { triggeredBy: 'manual' });
  await run.step('load');
  await run.print('load', 'stdout', 'reading 48,120 rows', `${COLOUR.grey}2 columns are empty${COLOUR.off}`);
  await run.stepDone('load');
  await run.step('fit', { current: 3, total: 40, message: 'epoch 3' });
  await run.print('fit', 'stdout', 'epoch 1 loss 0.713', 'epoch 2 loss 0.512', 'epoch 3 loss nan');
  await run.print(
    'fit',
    'stderr',
    'WARNING: gradients are not finite',
    'Traceback (most recent call last):',
    '  File "fit.py", line 88, in step',
    `${COLOUR.red}ValueError: loss is not a number${COLOUR.off}`,
  );
  await run.stepDone('fit', 1);
  await run.say('run.failed', {
    errorCode: 'STEP_FAILED',
    message: 'The step fit ended with exit code 1.',
    step: 'fit',
  });
  return run.runId;
}

async function partialRun(jobato: RunningApp): Promise<string> {
  const run = await PlayedRun.begin(jobato, 'newsletter', {});
  await run.step('collect', { quotaUsed: 60 });
  await run.stepDone('collect');
  await run.say('run.completed', { status: 'partial', reason: 'quota-reached', issuedCalls: 100 });
  return run.runId;
}

async function cancelledRun(jobato: RunningApp): Promise<string> {
  const { runId } = await jobato.trigger('backup');
  await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
  await jobato.untilEnded(runId);
  return runId;
}

async function stoppingRun(jobato: RunningApp): Promise<string> {
  const run = await PlayedRun.begin(jobato, 'cleanup', {});
  await run.step('archive');
  await run.print('archive', 'stdout', 'archiving, and not to be hurried');
  await jobato.fetch(`/api/runs/${run.runId}`, { method: 'DELETE' });
  return run.runId;
}

async function secondAttempt(jobato: RunningApp): Promise<string> {
  const first = await PlayedRun.begin(jobato, 'backup', {});
  await first.step('dump');
  await first.print('dump', 'stdout', 'dumping');
  await first.giveBack();
  const second = await PlayedRun.take(jobato, 'backup', first.runId, 2);
  await second.step('dump');
  await second.stepDone('dump');
  await second.step('upload');
  await second.stepDone('upload');
  await second.say('run.completed', {});
  return first.runId;
}

/** Its only attempt ended with its worker, in the second step. */
async function lostRun(jobato: RunningApp): Promise<string> {
  const run = await PlayedRun.begin(jobato, 'places', {});
  await run.step('read');
  await run.stepDone('read');
  await run.step('train', { current: 1, total: 9 });
  await run.print('train', 'stdout', 'epoch 1');
  await run.giveBack();
  return run.runId;
}

async function runningRun(jobato: RunningApp): Promise<string> {
  const run = await PlayedRun.begin(jobato, 'search', {
    triggeredBy: 'manual',
    params: { keywords: 'Rust <remote>', maxPages: 12 },
  });
  await run.step('search');
  await run.print(
    'search',
    'stdout',
    'site:jobs.lever.co Rust <remote>',
    '12 results',
    'site:boards.greenhouse.io Rust <remote>',
    '0 results',
  );
  await run.stepDone('search');
  await run.step('capture', {
    current: 3,
    total: 12,
    message: 'fetching lever.co',
    quotaUsed: 62,
    metrics: { newJobsCount: 3 },
  });
  const pages = Array.from(
    { length: 40 },
    (_, index) =>
      `${COLOUR.grey}GET${COLOUR.off} https://jobs.lever.co/acme/${index} ${COLOUR.green}200${COLOUR.off} ${40 + index} kB`,
  );
  await run.print('capture', 'stdout', ...pages);
  await run.print('capture', 'stderr', 'WARN robots.txt forbids /private, skipped');
  return run.runId;
}

async function rejectSomething({ app }: RunningApp, runId: string): Promise<void> {
  const fields = {
    eventId: 'not-a-uuid',
    eventType: 'run.progress',
    eventVersion: '1',
    occurredAt: new Date().toISOString(),
    runId,
    payload: '{"current": "three"}',
  };
  await app.get(Database, { strict: false }).write(async (tx, entries: string[]) => {
    await app.get(RejectedEvents, { strict: false }).put(
      tx,
      entries.map((entryId) => ({ entryId, reason: 'payload.current must be a number', fields })),
    );
    return entries;
  }, '1-0');
}
