import { type EventChannel, openEventChannel } from '../event-channel';

export type Metrics = Partial<Record<MetricName, number>>;

type MetricName =
  | 'foundCount'
  | 'failedSourcesCount'
  | 'unknownSourcesCount'
  | 'zeroResultsCount'
  | 'capturedPagesCount'
  | 'failedPagesCount'
  | 'skippedPagesCount'
  | 'leftPagesCount'
  | 'knownCount'
  | 'duplicatesCount'
  | 'newJobsCount'
  | 'relevantCount';

/** A search without results. */
export interface ZeroResult {
  queryText: string;
  domain: string;
}

/** A report may have 256 KiB. */
const ZERO_RESULTS_PER_REPORT = 100;

/** The reports of a step. Facts go to Jobato as events, and text goes to the log of the run. */
export class Report {
  /** @param events null for a manual start: the step then writes text only */
  constructor(private readonly events: EventChannel | null) {}

  say(message: string): void {
    process.stdout.write(`${message}\n`);
  }

  /** Writes a problem that does not end the step. */
  warn(message: string): void {
    process.stderr.write(`${message}\n`);
  }

  progress(current: number, total: number, message: string): void {
    this.events?.sendIfTaken({ progress: { current, total, message } });
  }

  metrics(metrics: Metrics): void {
    this.events?.sendOrThrow({ metrics });
    this.say(
      Object.entries(metrics)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', '),
    );
  }

  /** Counts one call against the quota. Throws if Jobato cannot receive it: the call must not be issued then. */
  call(): void {
    this.events?.sendOrThrow({ quota: { used: 1 } });
  }

  partial(reason: string): void {
    this.events?.sendOrThrow({ partial: { reason } });
    this.warn(`Partial result: ${reason}`);
  }

  /** Sends an empty list too: it means that each search found something. */
  zeroResults(searches: ZeroResult[]): void {
    const cut = searches.map(({ queryText, domain }) => ({
      queryText: queryText.slice(0, 500),
      domain: domain.slice(0, 300),
    }));
    let from = 0;
    do {
      this.events?.sendOrThrow({ zeroResults: cut.slice(from, from + ZERO_RESULTS_PER_REPORT) });
      from += ZERO_RESULTS_PER_REPORT;
    } while (from < cut.length);
  }

  /** Offers a file of the run's folder as the live result. */
  result(path: string): void {
    this.events?.sendOrThrow({ result: { path } });
    this.say(`Result: ${path}`);
  }

  error(code: string, message: string): void {
    process.stderr.write(`${message}\n`);
    // The exit code already fails the step; losing this event costs only the better message.
    this.events?.sendIfTaken({ error: { code, message } });
  }
}

export function openReport(env: NodeJS.ProcessEnv): Report {
  return new Report(openEventChannel(env));
}
