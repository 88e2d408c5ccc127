import { SeededRandom } from '../support/random';

export const VICTIMS = ['server', 'worker-1', 'worker-2', 'redis'] as const;
export type Victim = (typeof VICTIMS)[number];
/** What can be done to a process, or to what Redis holds. */
export type Deed = 'kill' | 'pause' | 'stop' | 'flush' | 'destroy-groups' | 'delete-consumers';

export interface Blow {
  victim: Victim;
  deed: Deed;
  /** For how long it is dead, or stands still. */
  forMs: number;
}

export interface Stroke extends Blow {
  /** Since the round began. */
  atMs: number;
}

export interface Round {
  lastsMs: number;
  strokes: Stroke[];
  /** Done when all is up again and before all has to come to rest; nobody restarts anything after it. */
  last: Blow;
}

export interface Plan {
  /** Redis keeps its last seconds but one; else nothing. */
  appendOnly: boolean;
  /** The second worker knows of no Redis. */
  secondWorkerByHttp: boolean;
  rounds: Round[];
}

const ROUND_SECONDS = 40;
/** How many seconds of trouble there are to each: ten minutes are 75 kills of the server, 40 of each worker and of Redis. */
const EVERY_SECONDS: [Victim, Deed, number][] = [
  ['server', 'kill', 7],
  ['server', 'pause', 30],
  ['worker-1', 'kill', 11],
  ['worker-1', 'pause', 25],
  ['worker-2', 'kill', 11],
  ['worker-2', 'pause', 25],
  ['redis', 'kill', 12],
  ['redis', 'pause', 40],
  ['redis', 'flush', 35],
  ['redis', 'destroy-groups', 35],
  ['redis', 'delete-consumers', 60],
  ['server', 'stop', 45],
  ['worker-1', 'stop', 40],
  ['worker-2', 'stop', 40],
];
/** Longer than a server may stand still without giving everybody the time of a lease. */
const LONGEST_PAUSE_MS = 6500;
/** Longer than a lease: the runs of the worker are another's when it goes on. */
const FROZEN_MS = 42_000;
const FREEZE_EVERY_ROUNDS = 4;
const LAST: Deed[] = ['destroy-groups', 'flush', 'kill', 'delete-consumers'];

/** The whole of what will be done, by the seed alone. */
export function planOf(seed: number, seconds: number): Plan {
  const random = new SeededRandom(seed);
  const [appendOnly, secondWorkerByHttp] = [random.next() < 0.5, random.next() < 0.5];
  const count = Math.max(1, Math.round(seconds / ROUND_SECONDS));
  const lastsMs = (seconds * 1000) / count;
  const rounds = Array.from({ length: count }, (_, index): Round => ({
    lastsMs,
    strokes: [],
    last: lastOf(index, random),
  }));
  for (const [victim, deed, everySeconds] of EVERY_SECONDS) {
    for (let left = Math.max(1, Math.round(seconds / everySeconds)); left > 0; left--) {
      const forMs = deed === 'pause' ? random.integer(200, LONGEST_PAUSE_MS) : random.integer(0, 1200);
      const round = random.pick(rounds);
      round.strokes.push({ atMs: random.integer(1000, lastsMs), victim, deed, forMs });
    }
  }
  for (const { strokes } of rounds) strokes.sort((a, b) => a.atMs - b.atMs);
  return { appendOnly, secondWorkerByHttp, rounds };
}

function lastOf(round: number, random: SeededRandom): Blow {
  if (round % FREEZE_EVERY_ROUNDS === FREEZE_EVERY_ROUNDS - 1)
    return { victim: random.pick(['worker-1', 'worker-2']), deed: 'pause', forMs: FROZEN_MS };
  return { victim: 'redis', deed: round === 0 ? 'destroy-groups' : random.pick(LAST), forMs: 300 };
}
