/** First line of a step within an attempt, so that a reader can jump to it in a long log. */
export interface StepStart {
  attempt: number;
  step: string;
  seq: number;
}

/** An external worker may use any step names. Only this many are listed. */
const MAX_STARTS = 200;

export function addStepStart(starts: StepStart[], { attempt, step, seq }: StepStart): void {
  const last = starts.at(-1);
  if (last?.step === step && last.attempt === attempt) return;
  if (starts.length >= MAX_STARTS) return;
  if (!starts.some((known) => known.step === step && known.attempt === attempt))
    starts.push({ attempt, step, seq });
}
