import { SeededRandom } from '../support/random';
import { BadEvents } from './bad-events';
import { ExternalWorker } from './external-worker';
import { Installation } from './installation';
import { Load } from './load';
import { type Plan, planOf } from './plan';
import { type Protection, sabotageDatabase, sabotageEnvironment } from './sabotage';
import { endsOf, flawsAtRest, untilDrained } from './verdict';
import { Witness } from './witness';

export interface ChaosOptions {
  seed: number;
  /** Of trouble; the time in which all comes to rest is added to it, once a round. */
  seconds: number;
  /** In which all has to come to rest. */
  drainSeconds: number;
  without?: Protection | null;
  tell: (line: string) => void;
}

export interface ChaosOutcome {
  accepted: number;
  /** Strokes by victim and deed. */
  done: Record<string, number>;
  findings: string[];
  /** Since the load began; null where nothing was found. */
  foundAfterSeconds: number | null;
}

/** Troubles an installation under load, and looks whether everything that was promised holds. Ends at the first flaw. */
export async function chaos({
  seed,
  seconds,
  drainSeconds,
  without = null,
  tell,
}: ChaosOptions): Promise<ChaosOutcome> {
  const plan = planOf(seed, seconds);
  tell(
    `Seed ${seed}: ${seconds} s of trouble in ${plan.rounds.length} rounds, Redis ${plan.appendOnly ? 'with AOF everysec' : 'keeps nothing'}, ` +
      `second worker by ${plan.secondWorkerByHttp ? 'HTTP' : 'Redis'}${without ? `, WITHOUT ${without}` : ''}.`,
  );
  const installation = await Installation.start(plan, sabotageEnvironment(without));
  try {
    sabotageDatabase(installation.folders, without);
    return await trouble(installation, plan, { seed, drainSeconds, tell });
  } finally {
    await installation.clear();
  }
}

async function trouble(
  installation: Installation,
  { rounds }: Plan,
  { seed, drainSeconds, tell }: Pick<ChaosOptions, 'seed' | 'drainSeconds' | 'tell'>,
): Promise<ChaosOutcome> {
  const startMs = Date.now();
  const sinceStart = () => Math.round((Date.now() - startMs) / 100) / 10;
  const load = new Load(installation.url, new SeededRandom(seed + 1));
  const external = new ExternalWorker(installation.redis, installation.url, new SeededRandom(seed + 2));
  const bad = new BadEvents(installation, new SeededRandom(seed + 3));
  const witness = new Witness(installation);
  let foundAfterSeconds: number | null = null;
  const found = new AbortController();
  void witness.firstFinding.then(() => {
    foundAfterSeconds = sinceStart();
    found.abort();
  });
  load.start();
  try {
    for (const [index, round] of rounds.entries()) {
      await installation.strike(round.strokes, found.signal);
      if (found.signal.aborted) break;
      await Promise.all([load.pause(), bad.pause()]);
      await installation.untilUp();
      // So that it meets runs under way, and others come after it.
      await load.triggerAll();
      await installation.strikeOnce(round.last);
      await load.triggerAll();
      const restMs = Date.now();
      const flaws = await untilDrained(installation, drainSeconds * 1000, found.signal);
      flaws.push(
        ...(flaws.length > 0 ? [] : flawsAtRest(installation, load.accepted, bad)),
        ...load.complaints,
      );
      for (const flaw of flaws) witness.find(flaw);
      if (flaws.length > 0 || found.signal.aborted) break;
      tell(
        `Round ${index + 1} of ${rounds.length} after ${sinceStart()} s: ${load.accepted.size} runs accepted, all at rest within ` +
          `${((Date.now() - restMs) / 1000).toFixed(1)} s after the last ${round.last.victim} ${round.last.deed}.`,
      );
      load.resume();
      bad.resume();
    }
    tell(`Runs ended: ${endsOf(installation)}. ${witness.samples} samples, ${bad.sent.size} bad events.`);
    await Promise.resolve(); // The moment of the finding is noted by then.
    return {
      accepted: load.accepted.size,
      done: Object.fromEntries([...installation.done].sort()),
      findings: witness.findings,
      foundAfterSeconds,
    };
  } finally {
    await Promise.all([load.end(), external.end(), bad.end(), witness.end()]);
  }
}
