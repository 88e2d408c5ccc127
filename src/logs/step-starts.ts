/** First line of a step, or of a further attempt at it, within an attempt at the run, so that a reader can jump to it in a long log. */
export interface StepStart {
  attempt: number;
  step: string;
  /** Attempt at the step, if it is not the first. */
  stepAttempt?: number;
  seq: number;
}

/** An external worker may use any step names. Only this many are listed. */
const MAX_STARTS = 200;

export function addStepStart(starts: StepStart[], start: StepStart): void {
  const last = starts.at(-1);
  if (last && isSame(last, start)) return;
  if (starts.length >= MAX_STARTS) return;
  if (!starts.some((known) => isSame(known, start))) starts.push(start);
}

function isSame(one: StepStart, other: StepStart): boolean {
  return one.step === other.step && one.attempt === other.attempt && one.stepAttempt === other.stepAttempt;
}
