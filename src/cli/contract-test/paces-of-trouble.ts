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
    'handles the next run after a request that arrived four times',
    'A repeated request must not crash the worker.',
  );
  await trial.settle();
  const what = 'executes a run once despite repeated requests';
  const starts = run.events.filter(({ eventType }) => eventType === 'run.started');
  const times = Math.max(new Set(starts.map(({ eventId }) => eventId)).size, run.ends.length);
  if (times > 1) {
    report.fails(
      what,
      `it executed the run ${times} times: ${run.events
        .map(({ eventType }) => eventType)
        .filter((type) => ['run.started', 'run.completed', 'run.failed', 'run.cancelled'].includes(type))
        .join(', ')}`,
      'Requests are delivered at least once. Remember runId and attempt of each started run, and ignore known ones.',
    );
  } else if (answered) report.holds(what);
  else
    report.fails(
      what,
      'it did not end the run',
      'Handle the first request even if it arrives more than once.',
    );
}

export async function stops(trial: Trial): Promise<void> {
  const { report, side, settings } = trial;
  const what = 'stops on request';
  const run = trial.run();
  await run.ask();
  await side.until(() => run.answers.length > 0, settings.settleSeconds * 1000);
  if (run.ends.length > 0) {
    report.skipped(what, `the run ended after ${duration(run.tookMs)}, before the test could stop it`);
  } else {
    const askedAtMs = Date.now();
    await run.askToStop();
    await run.askToStop();
    if (await trial.ended(run, settings.graceSeconds)) {
      const [{ event, atMs }] = run.ends as [AskedRun['ends'][0]];
      const took = duration(Math.max(0, atMs - askedAtMs));
      if (event.eventType === 'run.cancelled') report.holds(what, `run.cancelled after ${took}`);
      else report.skipped(what, `the run ended first: ${event.eventType} ${took} after the stop request`);
    } else {
      report.fails(
        what,
        trial.worker?.epitaph() ?? `no final event within ${settings.graceSeconds} s`,
        'Check for run.cancel.requested between units of work, then end and send run.cancelled. Otherwise Jobato cancels the run after stopGraceSeconds and notes that the worker may still be working.',
      );
    }
  }
  await trial.stillAnswers(
    'handles the next run after a stop',
    'A stop ends one run. The worker must continue with the next one.',
  );
}

export async function survivesUnknownVersions(trial: Trial): Promise<void> {
  await trial.side.publish({
    ...entry('run.requested', v7(), { project: { id: trial.settings.projectId }, tries: 1 }),
    eventVersion: '2',
  });
  await trial.stillAnswers(
    'handles the next run after an event of version 2',
    'Check eventVersion first, and skip events whose version is not "1".',
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
    'handles the next run after malformed entries',
    'The stream can contain malformed entries. Catch parse errors, acknowledge the entry and continue.',
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
    'handles a request with unknown members, after an event of an unknown type',
    'Ignore unknown types, fields and members. Later versions of Jobato may add some.',
    { priority: { level: 'high' }, labels: ['a', 'b'] },
  );
  if (run === null) return;
  await trial.settle();
  const what = 'ignores runs of other projects';
  if (elsewhere.answers.length === 0) report.holds(what);
  else {
    report.fails(
      what,
      `it sent events for a run of project ${elsewhere.content.projectId}`,
      'All projects share the stream. Compare projectId in the payload of run.requested.',
    );
  }
}
