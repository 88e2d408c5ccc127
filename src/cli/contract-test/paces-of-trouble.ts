import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { duration } from '../durations';
import { type AskedRun, entry } from './asked-run';
import type { Trial } from './trial';

export async function doesNothingTwice(trial: Trial): Promise<void> {
  const { report } = trial;
  const run = trial.run();
  await run.ask();
  await run.ask();
  const answered = await trial.ended(run);
  await run.ask();
  await run.askAnew();
  // This request comes last: when its run ends, the worker has read the earlier ones.
  await trial.stillAnswers(
    'answers the next run after a request that came four times',
    'A request for a run that it knows must not end the worker.',
  );
  await trial.settle();
  const what = 'does a run once, however often it is asked for';
  const starts = run.events.filter(({ eventType }) => eventType === 'run.started');
  const times = Math.max(new Set(starts.map(({ eventId }) => eventId)).size, run.ends.length);
  if (times > 1) {
    report.fails(
      what,
      `it did the run ${times} times: ${run.events
        .map(({ eventType }) => eventType)
        .filter((type) => ['run.started', 'run.completed', 'run.failed', 'run.cancelled'].includes(type))
        .join(', ')}`,
      'Requests are delivered at least once. Remember runId and attempt of what was begun, and drop what is known.',
    );
  } else if (answered) report.holds(what);
  else report.fails(what, 'it did not end the run at all', 'A request that comes twice is still a request.');
}

export async function stops(trial: Trial): Promise<void> {
  const { report, side, settings } = trial;
  const what = 'stops when asked to';
  const run = trial.run();
  await run.ask();
  await side.until(() => run.answers.length > 0, settings.settleSeconds * 1000);
  if (run.ends.length > 0) {
    report.skipped(what, `the run was over after ${duration(run.tookMs)}, before it could be stopped`);
  } else {
    const askedAtMs = Date.now();
    await run.askToStop();
    await run.askToStop();
    if (await trial.ended(run, settings.graceSeconds)) {
      const [{ event, atMs }] = run.ends as [AskedRun['ends'][0]];
      const took = duration(Math.max(0, atMs - askedAtMs));
      if (event.eventType === 'run.cancelled') report.holds(what, `run.cancelled after ${took}`);
      else report.skipped(what, `it ended by itself first: ${event.eventType} ${took} after it was asked`);
    } else {
      report.fails(
        what,
        trial.worker?.epitaph() ?? `no end within ${settings.graceSeconds} s`,
        'Look for run.cancel.requested between two pieces of work, end, and send run.cancelled. Jobato ends the run without it after stopGraceSeconds, with a note that the worker may still be at work.',
      );
    }
  }
  await trial.stillAnswers(
    'answers the next run after a stop',
    'A stop is about one run; the worker goes on to the next.',
  );
}

export async function survivesUnknownVersions(trial: Trial): Promise<void> {
  await trial.side.publish({
    ...entry('run.requested', v7(), { project: { id: trial.settings.projectId }, tries: 1 }),
    eventVersion: '2',
  });
  await trial.stillAnswers(
    'answers the next run after an event of version 2',
    'Look at eventVersion first, and skip what is not "1".',
  );
}

export async function survivesMalformedEntries(trial: Trial): Promise<void> {
  const { side } = trial;
  const request = entry('run.requested', v7(), {});
  for (const payload of ['{"projectId":', '', 'null', '[]', '"text"', '{}']) {
    await side.publish({ ...request, eventId: randomUUID(), payload });
  }
  await side.publish({ hello: 'world', id: randomUUID() });
  await side.publish({ ...entry('run.cancel.requested', 'no-uuid', {}), payload: 'nonsense' });
  await trial.stillAnswers(
    'answers the next run after malformed entries',
    'Anybody can write to the stream: catch what cannot be read, acknowledge it, go on.',
  );
}

export async function knowsWhatIsNotForIt(trial: Trial): Promise<void> {
  const { side, report, settings } = trial;
  const elsewhere = trial.run({
    more: { projectId: `not-${settings.projectId}-${randomUUID().slice(0, 8)}` },
  });
  await elsewhere.ask();
  await side.publish(entry('run.paused', v7(), { projectId: settings.projectId, attempt: 1 }));
  const run = await trial.stillAnswers(
    'answers a request with members that it does not know, after an event of a type that it does not know',
    'Ignore unknown types, fields and members: a later Jobato may say more than this one.',
    { priority: { level: 'high' }, labels: ['a', 'b'] },
  );
  if (run === null) return;
  await trial.settle();
  const what = 'leaves runs of other projects alone';
  if (elsewhere.answers.length === 0) report.holds(what);
  else {
    report.fails(
      what,
      `it answered for a run of project ${elsewhere.content.projectId}`,
      'All projects share the stream: compare projectId in the payload of run.requested.',
    );
  }
}
