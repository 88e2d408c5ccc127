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
  ['Repeated request', doesNothingTwice],
  ['Second attempt', repeatsTheAttempt],
  ['Stop', stops],
  ['Unknown version', survivesUnknownVersions],
  ['Malformed entries', survivesMalformedEntries],
  ['Unknown members and other projects', knowsWhatIsNotForIt],
  ['Killed worker', withItsProcess(survivesBeingKilled)],
  ['Stopped worker', withItsProcess(findsWhatWasAskedMeanwhile)],
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
    if (isSilent) report.skipped('not tested', 'the worker no longer responds');
    else {
      await pace(trial).catch((error: unknown) => {
        if (!(error instanceof WorkerSilent)) throw error;
        isSilent = true;
      });
    }
  }
  report.begin('All events');
  judgeAllEvents(trial);
}

function withItsProcess(pace: (trial: Trial, worker: WorkerProcess) => Promise<void>): Pace {
  return async (trial) => {
    if (trial.worker) return pace(trial, trial.worker);
    trial.report.skipped(
      'not tested',
      'use --worker-command "…" so that the test can kill and restart the worker',
    );
  };
}
