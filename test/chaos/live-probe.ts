import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Chronicle, Phase } from './chronicle';

/** When the probe was sent, and the response time; null without a response. */
type Sample = [atMs: number, tookMs: number | null];

export interface Latency {
  answers: number;
  unanswered: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Measures the response times of /api/health/live. */
export class LiveProbe {
  private readonly samples: Sample[] = [];
  private readonly prober: ChildProcess;

  constructor(url: string) {
    this.prober = fork(join(__dirname, 'live-prober.cjs'), [url], { execArgv: [] });
    this.prober.on('message', (samples) => this.samples.push(...(samples as Sample[])));
  }

  async end(): Promise<void> {
    const gone = once(this.prober, 'exit');
    if (this.prober.connected) this.prober.send('end');
    await gone;
  }

  /** Counts connections refused by a server that is down as unanswered. */
  byPhase(chronicle: Chronicle): Map<Phase, Latency> {
    const groups = new Map<Phase, Sample[]>();
    for (const sample of this.samples) {
      const phase = chronicle.phaseAt(sample[0]);
      if (!groups.has(phase)) groups.set(phase, []);
      groups.get(phase)!.push(sample);
    }
    return new Map([...groups].map(([phase, samples]) => [phase, latencyOf(samples)]));
  }
}

function latencyOf(samples: Sample[]): Latency {
  const times = samples.flatMap(([, tookMs]) => (tookMs === null ? [] : [tookMs])).sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return {
    answers: times.length,
    unanswered: samples.length - times.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}
