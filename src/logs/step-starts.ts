/** The first line of a step within an attempt, so that it is found in a log of any length. */
export interface StepStart {
  attempt: number;
  step: string;
  seq: number;
}

/** A worker of one's own may name steps as it likes; nobody jumps among more of them. */
const MAX_STARTS = 200;

export function addStepStart(starts: StepStart[], { attempt, step, seq }: StepStart): void {
  const last = starts.at(-1);
  if (last?.step === step && last.attempt === attempt) return;
  if (starts.length >= MAX_STARTS) return;
  if (!starts.some((known) => known.step === step && known.attempt === attempt))
    starts.push({ attempt, step, seq });
}
