import type { Chronicle } from './chronicle';

/** The maximum delay between the start of an attempt and its observation by the test. */
const SEEN_WITHIN_MS = 5000;

interface SeenRun {
  runId: string;
  attempt: number;
  statusReason: string | null;
}

/** Checks attempts that lost their worker: only the end or the pause of a process may cause that. */
export class LostAttempts {
  private readonly seen = new Map<string, { attempt: number; sinceMs: number }>();

  constructor(
    private readonly chronicle: Chronicle,
    /** Runs that the external worker gave up on purpose. */
    private readonly givenUp: ReadonlySet<string>,
  ) {}

  /** @returns what is wrong; null if nothing is */
  judge({ runId, attempt, statusReason }: SeenRun): string | null {
    const nowMs = Date.now();
    const known = this.seen.get(runId);
    if (known?.attempt !== attempt) this.seen.set(runId, { attempt, sinceMs: nowMs });
    const wasLost = (known !== undefined && known.attempt < attempt) || statusReason === 'worker-lost';
    if (!wasLost || this.givenUp.has(runId)) return null;
    const sinceMs = (known?.sinceMs ?? nowMs) - SEEN_WITHIN_MS;
    if (this.chronicle.wasProcessStruck(sinceMs, nowMs)) return null;
    const what = statusReason === 'worker-lost' ? `ended ${statusReason}` : `is in attempt ${attempt}`;
    return `run ${runId} ${what}, and no process was killed, stopped or paused while attempt ${known?.attempt ?? attempt} ran`;
  }
}
