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
    'answers the next run after it was killed in the middle of one',
    'A new life of the worker must get by with whatever the last one has left behind.',
  );
  if (next === null) return;
  const what = 'takes the next attempt of the run that was interrupted';
  if (wasOver) return report.skipped(what, 'the run was over before the worker could be killed');
  const again = trial.run({ attempt: 2, runId: run.runId });
  await again.ask();
  if (await trial.ended(again)) return report.holds(what);
  report.fails(
    what,
    trial.worker?.epitaph() ?? 'it did not answer attempt 2',
    'What was done is a run and an attempt: remember both, not the runId alone.',
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
    'answers the next run after it was away',
    'What lies on the stream from before must not end the worker.',
  );
  if (next === null) return;
  await trial.settle();
  const finds = 'finds what was asked while it was away';
  if (missed.ends.length > 0) report.holds(finds);
  else {
    report.skipped(
      finds,
      'it does not: such a run waits until it is stopped. A consumer group made from 0 would find it',
    );
  }
  const leaves = 'leaves alone what had ended meanwhile';
  if (old.answers.length === 0) report.holds(leaves);
  else report.skipped(leaves, 'it does not: Jobato drops what it says, and the work is done for nothing');
}
