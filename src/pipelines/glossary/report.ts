import { type EventChannel, openEventChannel } from '../event-channel';

export interface Metrics {
  documentsCount?: number;
  termsCount?: number;
  issuesCount?: number;
}

/** The reports of a step about its progress and results. */
export interface Report {
  /** Writes a line for readers to stdout, which is the run's log under Jobato. */
  say(message: string): void;
  /** Writes a problem that does not end the step to stderr. */
  warn(message: string): void;
  progress(current: number, total: number, message: string): void;
  metrics(metrics: Metrics): void;
  partial(reason: string): void;
  error(code: string, message: string): void;
  artifact(path: string): void;
  /** Offers a file of the run's folder as the live result of the project. */
  result(path: string): void;
}

/** For a step under Jobato: events on the descriptor, text in the log. */
class EventReport implements Report {
  constructor(private readonly events: EventChannel) {}

  say(message: string): void {
    process.stdout.write(`${message}\n`);
  }
  warn(message: string): void {
    process.stderr.write(`${message}\n`);
  }
  progress(current: number, total: number, message: string): void {
    this.events.sendIfTaken({ progress: { current, total, message } });
  }
  metrics(metrics: Metrics): void {
    this.events.sendOrThrow({ metrics });
  }
  partial(reason: string): void {
    this.events.sendOrThrow({ partial: { reason } });
  }
  error(code: string, message: string): void {
    process.stderr.write(`${message}\n`);
    // The exit code already fails the step; losing this event costs only the better message.
    this.events.sendIfTaken({ error: { code, message } });
  }
  artifact(path: string): void {
    this.events.sendOrThrow({ artifact: { path } });
  }
  result(path: string): void {
    this.events.sendOrThrow({ result: { path } });
  }
}

/** For a manual start: text only, with about 20 progress lines. */
class TerminalReport implements Report {
  say(message: string): void {
    process.stdout.write(`${message}\n`);
  }
  warn(message: string): void {
    process.stderr.write(`${message}\n`);
  }
  progress(current: number, total: number, message: string): void {
    const stride = Math.ceil(total / 20);
    if (current % stride === 0 || current === total) this.say(`  [${current}/${total}] ${message}`);
  }
  metrics(): void {}
  partial(reason: string): void {
    this.warn(`Partial result: ${reason}`);
  }
  error(_code: string, message: string): void {
    this.warn(message);
  }
  artifact(): void {}
  result(): void {}
}

/** Returns an event report if `JOBATO_EVENTS_FD` names an open descriptor, and a text report otherwise. */
export function openReport(env: NodeJS.ProcessEnv): Report {
  const events = openEventChannel(env);
  return events === null ? new TerminalReport() : new EventReport(events);
}
