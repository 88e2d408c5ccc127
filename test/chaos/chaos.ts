import { SeededRandom } from '../support/random';
import { AcceptedStops } from './accepted-stops';
import { BadEvents } from './bad-events';
import type { Phase } from './chronicle';
import { ExternalWorker } from './external-worker';
import { Installation } from './installation';
import { type Latency, LiveProbe } from './live-probe';
import { Load } from './load';
import { LostAttempts } from './lost-attempts';
import { Outages } from './outages';
import type { OutageKind, Plan, Round } from './plan';
import { type Protection, sabotageDatabase, sabotageEnvironment } from './sabotage';
import { endsOf, flawsAtRest, untilDrained } from './verdict';
import { Witness } from './witness';

export interface ChaosOptions {
  plan: Plan;
  /** The seed of the load. */
  seed: number;
  /** The time limit for everything to become idle. */
  drainSeconds: number;
  without?: Protection | null;
  /** Continues after the first flaw. */
  keepGoing?: boolean;
  tell: (line: string) => void;
}

export interface ChaosOutcome {
  accepted: number;
  samples: number;
  /** Faults by victim and deed, and outages by kind. */
  done: Record<string, number>;
  /** Skipped outages, with the reason. */
  skipped: Map<OutageKind, string>;
  /** Responses to triggers during an outage, by status. */
  answers: Outages['answers'];
  /** Response times of /api/health/live, by phase. */
  live: Map<Phase, Latency>;
  peakServerMegabytes: number;
  findings: string[];
  /** Seconds since the load began; null without a flaw. */
  foundAfterSeconds: number | null;
}

/**
 * Injects faults into an installation under load, and checks its guarantees. Stops at the first flaw, unless
 * `keepGoing` is set.
 */
export async function chaos({
  plan,
  seed,
  drainSeconds,
  without = null,
  keepGoing = false,
  tell,
}: ChaosOptions): Promise<ChaosOutcome> {
  tell(
    `Seed ${seed}: ${plan.rounds.length} rounds, Redis ${plan.appendOnly ? 'with AOF everysec' : 'keeps nothing'}, ` +
      `second worker by ${plan.secondWorkerByHttp ? 'HTTP' : 'Redis'}${without ? `, WITHOUT ${without}` : ''}.`,
  );
  const installation = await Installation.start(plan, sabotageEnvironment(without));
  try {
    sabotageDatabase(installation.folders, without);
    return await new Trouble(installation, { seed, drainSeconds, keepGoing, tell }).carryOut(plan);
  } finally {
    await installation.clear();
  }
}

/** One run of the test: the load, the observers and the rounds. */
class Trouble {
  private readonly load: Load;
  private readonly external: ExternalWorker;
  private readonly bad: BadEvents;
  private readonly witness: Witness;
  private readonly stops: AcceptedStops;
  private readonly outages: Outages;
  private readonly probe: LiveProbe;
  private readonly startMs = Date.now();
  private readonly found = new AbortController();
  private foundAfterSeconds: number | null = null;

  constructor(
    private readonly installation: Installation,
    private readonly options: Required<Omit<ChaosOptions, 'plan' | 'without'>>,
  ) {
    const { seed } = options;
    const { api, chronicle, redis } = installation;
    const find = (what: string) => this.witness.find(what);
    this.stops = new AcceptedStops(chronicle, find);
    this.load = new Load(api, this.stops, new SeededRandom(seed + 1));
    this.external = new ExternalWorker(redis, api, new SeededRandom(seed + 2));
    this.bad = new BadEvents(installation, new SeededRandom(seed + 3));
    this.witness = new Witness(installation, new LostAttempts(chronicle, this.external.givenUp));
    this.outages = new Outages(installation, this.load, find);
    this.probe = new LiveProbe(api.url);
    void this.witness.firstFinding.then(() => {
      this.foundAfterSeconds = this.sinceStart();
      if (!options.keepGoing) this.found.abort();
    });
  }

  async carryOut({ rounds }: Plan): Promise<ChaosOutcome> {
    const { installation, load, bad, witness } = this;
    for (const [kind, reason] of this.outages.skipped)
      this.options.tell(`Left out: ${kind}, because it cannot be made here (${reason}).`);
    load.start();
    try {
      for (const [index, round] of rounds.entries()) {
        const restedMs = await this.oneRound(round);
        if (restedMs === null) break;
        this.options.tell(
          `Round ${index + 1} of ${rounds.length} after ${this.sinceStart()} s (${round.outages.map(({ kind }) => kind).join(', ')}): ` +
            `${load.accepted.size} runs accepted, all at rest within ${(restedMs / 1000).toFixed(1)} s after the last ${round.last.victim} ${round.last.deed}.`,
        );
      }
      this.options.tell(
        `Runs ended: ${endsOf(installation)}. ${witness.samples} samples, ${bad.sent.size} bad events.`,
      );
    } finally {
      await Promise.all(
        [load, this.external, bad, witness, this.stops, this.probe].map((part) => part.end()),
      );
    }
    return {
      accepted: load.accepted.size,
      samples: witness.samples,
      done: Object.fromEntries([...installation.done].sort()),
      skipped: this.outages.skipped,
      answers: this.outages.answers,
      live: this.probe.byPhase(installation.chronicle),
      peakServerMegabytes: installation.peakServerMegabytes,
      findings: witness.findings,
      foundAfterSeconds: this.foundAfterSeconds,
    };
  }

  /** @returns the time in ms until everything was idle; null if a flaw was found */
  private async oneRound(round: Round): Promise<number | null> {
    const { installation, load, bad } = this;
    const { signal } = this.found;
    await installation.employ(round.worker);
    load.resume();
    bad.resume();
    installation.chronicle.begin('kills and pauses');
    await Promise.all([
      installation.strike(round.strokes, signal),
      this.outages.amongStrokes(round.mixed, signal),
    ]);
    installation.chronicle.begin('rest');
    if (signal.aborted) return null;
    await installation.untilUp();
    // Ensures active runs during the outages.
    await load.triggerAll();
    await this.outages.inTurn(round.outages, signal);
    if (signal.aborted) return null;
    await Promise.all([load.pause(), bad.pause()]);
    await installation.untilUp();
    // Ensures active runs during the last fault, and further ones after it.
    await load.triggerAll();
    await installation.strikeOnce(round.last);
    await load.triggerAll();
    const restMs = Date.now();
    const flaws = await untilDrained(installation, this.options.drainSeconds * 1000, signal);
    flaws.push(
      ...(flaws.length > 0 ? [] : flawsAtRest(installation, load.accepted, bad)),
      ...load.complaints,
    );
    for (const flaw of flaws) this.witness.find(flaw);
    return signal.aborted || (flaws.length > 0 && !this.options.keepGoing) ? null : Date.now() - restMs;
  }

  private sinceStart(): number {
    return Math.round((Date.now() - this.startMs) / 100) / 10;
  }
}
