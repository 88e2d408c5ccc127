import { findsWhatWasAskedMeanwhile, survivesBeingKilled } from './paces-of-a-process';
import { answersARun, judgeAllEvents, repeatsTheAttempt } from './paces-of-one-run';
import {
  doesNothingTwice,
  knowsWhatIsNotForIt,
  stops,
  survivesMalformedEntries,
  survivesUnknownVersions,
} from './paces-of-trouble';
import { type Trial, WorkerSilent } from './trial';
import type { WorkerProcess } from './worker-process';

type Pace = (trial: Trial) => Promise<void>;

const PACES: readonly [name: string, pace: Pace][] = [
  ['One run', answersARun],
  ['The same request again', doesNothingTwice],
  ['The second attempt', repeatsTheAttempt],
  ['A stop', stops],
  ['An unknown version', survivesUnknownVersions],
  ['Malformed entries', survivesMalformedEntries],
  ['What is new, and what is for others', knowsWhatIsNotForIt],
  ['The worker is killed', withItsProcess(survivesBeingKilled)],
  ['The worker was away', withItsProcess(findsWhatWasAskedMeanwhile)],
];

/**
 * Runs all tests against the worker. If it stops answering and cannot be restarted, the remaining tests are
 * skipped.
 */
export async function putThroughPaces(trial: Trial): Promise<void> {
  const { report } = trial;
  let isSilent = false;
  await trial.worker?.start();
  for (const [name, pace] of PACES) {
    report.begin(name);
    if (isSilent) report.skipped('not tried', 'the worker does not answer any more');
    else {
      await pace(trial).catch((error: unknown) => {
        if (!(error instanceof WorkerSilent)) throw error;
        isSilent = true;
      });
    }
  }
  report.begin('All that it sent');
  judgeAllEvents(trial);
}

function withItsProcess(pace: (trial: Trial, worker: WorkerProcess) => Promise<void>): Pace {
  return async (trial) => {
    if (trial.worker) return pace(trial, trial.worker);
    trial.report.skipped(
      'not tried',
      'give --worker-command "…", so that the worker can be killed and started here',
    );
  };
}
