import { entry } from './asked-run';
import type { Trial } from './trial';
import type { WorkerProcess } from './worker-process';

/** These tests need a worker that they can kill and start. */
export async function survivesBeingKilled(trial: Trial, worker: WorkerProcess): Promise<void> {
  const { side, report, settings } = trial;
  const run = trial.run();
  await run.ask();
  await side.until(() => run.answers.length > 0, settings.settleSeconds * 1000);
  const wasOver = run.ends.length > 0;
  await worker.kill();
  await worker.start();
  const next = await trial.stillAnswers(
    'handles the next run after it was killed during a run',
    'A restarted worker must handle all state that the killed process left behind.',
  );
  if (next === null) return;
  const what = 'handles the next attempt of the interrupted run';
  if (wasOver) return report.skipped(what, 'the run ended before the test could kill the worker');
  const again = trial.run({ attempt: 2, runId: run.runId });
  await again.ask();
  if (await trial.ended(again)) return report.holds(what);
  report.fails(
    what,
    trial.worker?.epitaph() ?? 'no response to attempt 2',
    'Remember finished work by runId and attempt, not by runId alone.',
  );
}

export async function findsWhatWasAskedMeanwhile(trial: Trial, worker: WorkerProcess): Promise<void> {
  const { report, side } = trial;
  await worker.stop();
  const old = trial.run();
  await old.ask();
  await side.publish(entry('run.completed', old.runId, { attempt: 1 }));
  const missed = trial.run();
  await missed.ask();
  await worker.start();
  const next = await trial.stillAnswers(
    'handles the next run after it was stopped',
    'Older entries on the stream must not crash the worker.',
  );
  if (next === null) return;
  await trial.settle();
  const finds = 'handles requests that arrived while it was stopped';
  if (missed.ends.length > 0) report.holds(finds);
  else {
    report.skipped(
      finds,
      'it does not, so such a run waits until it is stopped. Create the consumer group at position 0 to read these requests',
    );
  }
  const leaves = 'ignores runs that ended while it was stopped';
  if (old.answers.length === 0) report.holds(leaves);
  else report.skipped(leaves, 'it does not, so it does unnecessary work that Jobato ignores');
}
