import { SeededRandom } from '../support/random';

export const PROCESSES = ['server', 'worker-1', 'worker-2'] as const;
export type ProcessName = (typeof PROCESSES)[number];
export const VICTIMS = [...PROCESSES, 'redis'] as const;
export type Victim = (typeof VICTIMS)[number];
/** Faults of a process, or of the data in Redis. */
export type Deed = 'kill' | 'pause' | 'stop' | 'flush' | 'destroy-groups' | 'delete-consumers';

export interface Blow {
  victim: Victim;
  deed: Deed;
  /** How long it stays down or paused. */
  forMs: number;
}

export interface Stroke extends Blow {
  /** The time since the start of the round. */
  atMs: number;
  /** True if the fault may hit a process during its start; otherwise it waits until the process is up. */
  whileStarting: boolean;
}

/** How a process ends before its next start. */
export type End = 'kill' | 'stop';

/** Faults of the machine below the processes. None of them may cost a run its worker. */
export type Outage =
  /** Another process holds the write lock of the database. */
  | { kind: 'locked-database'; forMs: number }
  | { kind: 'full-disk'; forMs: number }
  /** The clock of a process jumps two hours ahead, and later back. */
  | { kind: 'clock-forward'; process: ProcessName; forMs: number }
  /** A process restarts with its clock two hours behind; later the clock is corrected. */
  | { kind: 'clock-back'; process: ProcessName; end: End; forMs: number }
  | { kind: 'deleted-folders'; folders: DataFolder[] }
  | { kind: 'deleted-database'; what: 'files' | 'folder'; end: End };
export type OutageKind = Outage['kind'];

export const DATA_FOLDERS = ['runs', 'work', 'uploads'] as const;
export type DataFolder = (typeof DATA_FOLDERS)[number];

export interface Round {
  /** Where steps run: in the server, or in the two worker processes. */
  worker: 'embedded' | 'processes';
  lastsMs: number;
  strokes: Stroke[];
  /** Outages between the process faults. */
  mixed: (Outage & { atMs: number })[];
  /** Outages that run one after another when everything is up. Only the outages themselves kill processes then. */
  outages: Outage[];
  /** The fault before everything must become idle; no process restarts after it. */
  last: Blow;
}

export interface Plan {
  /** With AOF, a killed Redis loses at most its last second; without it, everything. */
  appendOnly: boolean;
  /** The second worker uses only HTTP. */
  secondWorkerByHttp: boolean;
  rounds: Round[];
}

const ROUND_SECONDS = 75;
/** The rest of a round is for outages. */
const STROKES_SHARE = 0.6;
/** Seconds per fault: 10 minutes have 86 kills of the server, 55 of each worker and 50 of Redis. */
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
const WHILE_STARTING_SHARE = 0.25;
/** Longer than the stall of the server after which it gives every worker a fresh lease. */
const LONGEST_PAUSE_MS = 6500;
/** Longer than a lease: other workers have its runs when it resumes. */
const FROZEN_MS = 42_000;
const FREEZE_EVERY_ROUNDS = 4;
const EMBEDDED_EVERY_ROUNDS = 3;
const LAST: Deed[] = ['destroy-groups', 'flush', 'kill', 'delete-consumers'];

/**
 * Sorted like this within a round: outages that restart a process come last, so that earlier ones hit long-running
 * processes.
 */
export const OUTAGES: { kind: OutageKind; longestMs: number }[] = [
  { kind: 'locked-database', longestMs: 30_000 },
  { kind: 'full-disk', longestMs: 45_000 },
  { kind: 'clock-forward', longestMs: 20_000 },
  { kind: 'deleted-folders', longestMs: 0 },
  { kind: 'clock-back', longestMs: 20_000 },
  { kind: 'deleted-database', longestMs: 0 },
];
/** The largest share of the test for one outage. */
const LONGEST_SHARE = 1 / 12;
const MIXED_EVERY_SECONDS = 40;
const MIXED: OutageKind[] = ['locked-database', 'full-disk', 'clock-forward', 'deleted-folders'];

/** Draws all faults; the result depends only on the seed and the duration. */
export function planOf(seed: number, seconds: number): Plan {
  const random = new SeededRandom(seed);
  const [appendOnly, secondWorkerByHttp] = [random.next() < 0.5, random.next() < 0.5];
  const count = Math.max(1, Math.round(seconds / ROUND_SECONDS));
  const lastsMs = (seconds * 1000 * STROKES_SHARE) / count;
  const outages = outagesOf(count, seconds, random);
  const rounds = Array.from({ length: count }, (_, index): Round => {
    const worker = index % EMBEDDED_EVERY_ROUNDS === EMBEDDED_EVERY_ROUNDS - 1 ? 'embedded' : 'processes';
    return {
      worker,
      lastsMs,
      strokes: [],
      mixed: [],
      outages: outages[index]!.map(({ kind, forMs }) => outageOf(kind, forMs, worker, random)),
      last: lastOf(index, worker, random),
    };
  });
  addStrokes(rounds, seconds, random);
  addMixed(rounds, seconds, random);
  return { appendOnly, secondWorkerByHttp, rounds };
}

/** Returns one outage at full length, under load and without other faults. */
export function planOfOutage(seed: number, kind: OutageKind, worker: Round['worker']): Plan {
  const random = new SeededRandom(seed);
  const { longestMs } = OUTAGES.find((outage) => outage.kind === kind)!;
  const outages = [outageOf(kind, longestMs, worker, random)];
  const last: Blow = { victim: 'redis', deed: 'destroy-groups', forMs: 0 };
  const round: Round = { worker, lastsMs: 0, strokes: [], mixed: [], outages, last };
  return { appendOnly: true, secondWorkerByHttp: true, rounds: [round] };
}

/** Uses every kind before repeating one. The first of each kind is as long as the duration of the test allows. */
function outagesOf(rounds: number, seconds: number, random: SeededRandom) {
  const perRound = Math.max(2, Math.ceil(OUTAGES.length / rounds));
  const seen = new Set<OutageKind>();
  let left: typeof OUTAGES = [];
  return Array.from({ length: rounds }, () => {
    const ofRound = Array.from({ length: perRound }, () => {
      if (left.length === 0) left = random.shuffled(OUTAGES);
      const { kind, longestMs } = left.shift()!;
      const mostMs = Math.min(longestMs, seconds * 1000 * LONGEST_SHARE);
      const forMs = Math.round(seen.has(kind) ? mostMs * (0.2 + 0.8 * random.next()) : mostMs);
      seen.add(kind);
      return { kind, forMs };
    });
    const place = (kind: OutageKind) => OUTAGES.findIndex((outage) => outage.kind === kind);
    return ofRound.sort((a, b) => place(a.kind) - place(b.kind));
  });
}

function outageOf(kind: OutageKind, forMs: number, worker: Round['worker'], random: SeededRandom): Outage {
  const end = random.pick<End>(['kill', 'stop']);
  // Prefers the server, which decides about leases, ids and times.
  const process = worker === 'embedded' || random.next() < 0.7 ? 'server' : random.pick(PROCESSES);
  switch (kind) {
    case 'locked-database':
    case 'full-disk':
      return { kind, forMs };
    case 'clock-forward':
      return { kind, process, forMs };
    case 'clock-back':
      return { kind, process, end, forMs };
    case 'deleted-folders':
      return { kind, folders: random.shuffled(DATA_FOLDERS).slice(0, random.integer(1, 3)) };
    case 'deleted-database':
      return { kind, what: random.pick(['files', 'folder']), end };
  }
}

function addStrokes(rounds: Round[], seconds: number, random: SeededRandom): void {
  const withWorkers = rounds.filter(({ worker }) => worker === 'processes');
  for (const [victim, deed, everySeconds] of EVERY_SECONDS) {
    for (let left = Math.max(1, Math.round(seconds / everySeconds)); left > 0; left--) {
      const forMs = deed === 'pause' ? random.integer(200, LONGEST_PAUSE_MS) : random.integer(0, 1200);
      const round = random.pick(victim.startsWith('worker') ? withWorkers : rounds);
      const whileStarting = random.next() < WHILE_STARTING_SHARE;
      round.strokes.push({ atMs: random.integer(1000, round.lastsMs), victim, deed, forMs, whileStarting });
    }
  }
  for (const { strokes } of rounds) strokes.sort((a, b) => a.atMs - b.atMs);
}

function addMixed(rounds: Round[], seconds: number, random: SeededRandom): void {
  for (let left = Math.round(seconds / MIXED_EVERY_SECONDS); left > 0; left--) {
    const round = random.pick(rounds);
    const outage = outageOf(random.pick(MIXED), random.integer(1000, 8000), round.worker, random);
    round.mixed.push({ ...outage, atMs: random.integer(1000, round.lastsMs) });
  }
  for (const { mixed } of rounds) mixed.sort((a, b) => a.atMs - b.atMs);
}

function lastOf(round: number, worker: Round['worker'], random: SeededRandom): Blow {
  if (worker === 'processes' && round % FREEZE_EVERY_ROUNDS === FREEZE_EVERY_ROUNDS - 1)
    return { victim: random.pick(['worker-1', 'worker-2']), deed: 'pause', forMs: FROZEN_MS };
  return { victim: 'redis', deed: round === 0 ? 'destroy-groups' : random.pick(LAST), forMs: 300 };
}
