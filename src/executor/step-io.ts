import { type Clock, type Instant, plusSeconds } from '../clock/clock';
import { withoutSequences, withoutUnfinished } from '../logs/control-sequences';
import { CUT_MARK, type LogStreamName, MAX_LINE_BYTES, newestPart } from '../logs/log-line';
import { KILL_AFTER_SECONDS } from './group-ending';
import type { OutputValue } from '../events/run-event';
import type { Artifact } from '../runs/run';
import { MAX_OUTPUTS_BYTES } from '../runs/report-limits';
import { MAX_NAMED_PROCESSES } from '../runs/stop-report';
import type { EventReporter } from './event-reporter';
import type { EndingReport } from './group-ending';
import { LineSplitter } from './line-splitter';
import type { LogForwarder } from './log-forwarder';
import { OpenLineWatch } from './open-line-watch';
import type { SecretMask } from './secret-mask';
import { parseStepReport, type StepReport } from './step-report';
import type { StepOutput } from './step-runner';
import { ZeroResults } from './zero-results';

/** Longest report in characters. Reports are not for bulk data; a longer line is refused. */
const MAX_REPORT_LENGTH = 256 * 1024;
/**
 * Maximum number of reported unreadable lines, so that a step writing to the wrong descriptor does not fill the log.
 */
const MAX_COMPLAINTS = 20;

/** The parts of an attempt at a run that its steps share. */
export interface StepChannel {
  readonly events: EventReporter;
  readonly log: LogForwarder;
  readonly mask: SecretMask;
  /** Stores a file of the run's folder. */
  takeArtifact(path: string): Promise<Artifact>;
  countCalls(step: string, calls: number): void;
}

/** Processes the output of one step: stdout and stderr go to the log, reports become events. Masks secrets first. */
export class StepIo implements StepOutput {
  partialReason: string | null = null;
  /** A file that the step reported is missing from the artifacts of the run. */
  isArtifactMissing = false;
  /** The file of the run's folder that is the result of the project; null if the step offered none. */
  offered: string | null = null;
  readonly zeroResults = new ZeroResults();
  /** Values for later steps. */
  readonly outputs: Record<string, OutputValue> = {};
  private hasTooMuchOutput = false;
  error: { code: string; message: string } | null = null;
  /** Last line on stderr, for the error message. */
  lastErrorLine: string | null = null;

  private readonly maxLength: number;
  private readonly out: LineSplitter;
  private readonly err: LineSplitter;
  private readonly openOut: OpenLineWatch;
  private readonly openErr: OpenLineWatch;
  private readonly reports = new LineSplitter(MAX_REPORT_LENGTH);
  private artifacts: Promise<void> = Promise.resolve();
  private complaints = 0;
  /** The last signal sent to the step's processes, and when. */
  private sent: { signal: EndingReport['signal']; at: Instant } | null = null;

  constructor(
    private readonly at: { step: string; attempt: number; stepAttempt: number },
    private readonly channel: StepChannel,
    private readonly clock: Clock,
  ) {
    // One extra character shows that a line is too long. A secret at the cut must be complete to be masked.
    this.maxLength = MAX_LINE_BYTES + 1 + channel.mask.longest;
    this.out = new LineSplitter(this.maxLength, true);
    this.err = new LineSplitter(this.maxLength, true);
    this.openOut = new OpenLineWatch(
      () => this.out.open,
      (text) => this.showOpen('stdout', text),
    );
    this.openErr = new OpenLineWatch(
      () => this.err.open,
      (text) => this.showOpen('stderr', text),
    );
  }

  stdout(bytes: Buffer): void {
    this.addLines('stdout', this.out.push(bytes));
    this.openOut.touch();
  }

  stderr(bytes: Buffer): void {
    this.addLines('stderr', this.err.push(bytes));
    this.openErr.touch();
  }

  report(bytes: Buffer): void {
    for (const line of this.reports.push(bytes)) this.takeReport(line);
  }

  remark(text: string): void {
    this.addLines('system', [text]);
  }

  ending({ cause, signal, alive }: EndingReport): void {
    if (this.sent?.signal !== signal) this.sent = { signal, at: this.clock.now() };
    const { at: sentAt } = this.sent;
    const named = alive?.slice(0, MAX_NAMED_PROCESSES).map(({ pid, name }) => ({
      pid,
      name: this.channel.mask.apply(name).slice(0, 200),
    }));
    this.channel.events.report('run.progress', {
      attempt: this.at.attempt,
      step: this.at.step,
      stopping: {
        signal,
        cause,
        sentAt,
        ...(signal === 'SIGTERM' && { killAt: plusSeconds(sentAt, KILL_AFTER_SECONDS) }),
        ...(alive && { aliveCount: alive.length, alive: named }),
      },
    });
  }

  waitForRoom(): Promise<void> | null {
    return this.channel.log.waitForRoom();
  }

  /** Resolves when all unfinished lines are processed and all reported files are checked. */
  async finished(): Promise<void> {
    this.openOut.stop();
    this.openErr.stop();
    this.addLines('stdout', this.out.end());
    this.addLines('stderr', this.err.end());
    for (const line of this.reports.end()) this.takeReport(line);
    await this.artifacts;
  }

  private addLines(stream: LogStreamName, lines: string[]): void {
    if (lines.length === 0) return;
    const at = this.clock.now();
    const masked = lines.map((line) => this.masked(line));
    if (stream === 'stderr') {
      const last = masked.findLast((line) => withoutColours(line).trim() !== '');
      if (last !== undefined) this.lastErrorLine = withoutColours(last).slice(0, 500);
    }
    const { step, stepAttempt } = this.at;
    this.channel.log.add(
      masked.map((text) => ({ at, stream, step, ...(stepAttempt > 1 && { stepAttempt }), text })),
    );
  }

  /** Shows an unfinished line. A secret or a control sequence may be incomplete at its end. */
  private showOpen(stream: 'stdout' | 'stderr', line: string): void {
    const masked = newestPart(withoutUnfinished(this.channel.mask.applyToStart(line)));
    const text = withoutColours(masked).trim() === '' ? '' : masked; // a program may clear its line
    const { step, stepAttempt } = this.at;
    this.channel.log.showOpen({ stream, step, ...(stepAttempt > 1 && { stepAttempt }), open: true, text });
  }

  private masked(line: string): string {
    if (line.length < this.maxLength) return this.channel.mask.apply(line);
    const start = this.channel.mask.applyToStart(line);
    // Masking may have made the line short enough to look complete.
    return Buffer.byteLength(start) > MAX_LINE_BYTES ? start : `${start}${CUT_MARK}`;
  }

  private takeReport(line: string): void {
    if (line.trim() === '') return;
    // Parse before masking: JSON escapes can hide a secret, and a mask may break the JSON.
    const report = parseStepReport(line);
    if ('unreadable' in report) {
      if (++this.complaints <= MAX_COMPLAINTS) {
        const shown =
          line.length < MAX_REPORT_LENGTH
            ? this.channel.mask.apply(line)
            : this.channel.mask.applyToStart(line);
        this.remark(`Ignored a report on file descriptor 3 (${report.unreadable}): ${shown.slice(0, 200)}`);
      }
      return;
    }
    // The path of a file is used to open it. A masked name of a metric would be another metric.
    const { artifact, result, metrics, ...shown } = report;
    const masked = this.channel.mask.applyWithin(shown);
    this.noteMaskedOutputs(report.output ?? {}, masked.output ?? {});
    this.passOn({ artifact, result, metrics, ...masked });
  }

  /** Outputs are stored and published, so they are masked too. The next step must not use the mask unnoticed. */
  private noteMaskedOutputs(
    reported: NonNullable<StepReport['output']>,
    masked: NonNullable<StepReport['output']>,
  ): void {
    const names = Object.keys(reported).filter((name) => reported[name] !== masked[name]);
    if (names.length > 0)
      this.remark(
        `Later steps get *** in place of the secret in output ${names.join(', ')}. Pass secrets on with passEnv.`,
      );
  }

  private passOn(report: StepReport): void {
    const { progress, metrics, partial, error, quota, output, artifact, result, zeroResults } = report;
    if (partial) this.partialReason = partial.reason;
    if (error) this.error = error;
    if (quota) this.channel.countCalls(this.at.step, quota.used);
    if (output) this.addOutputs(output);
    if (zeroResults) {
      const occurredAt = this.clock.now();
      this.zeroResults.add(zeroResults.map(({ queryText, domain }) => ({ queryText, domain, occurredAt })));
    }
    if (progress || metrics || quota) {
      this.channel.events.reportProgress({
        attempt: this.at.attempt,
        step: this.at.step,
        ...progress,
        ...(metrics && { metrics }),
        ...(quota && { quotaUsed: quota.used }),
      });
    }
    // Sequentially, so that artifacts are listed in the order of their reports.
    if (artifact) this.addArtifact(artifact.path);
    if (result) this.offered = result.path;
  }

  /** Keeps little more than a run can have, because a step may report without end. */
  private addOutputs(output: NonNullable<StepReport['output']>): void {
    if (this.hasTooMuchOutput) return;
    Object.assign(this.outputs, output);
    this.hasTooMuchOutput = Buffer.byteLength(JSON.stringify(this.outputs)) > MAX_OUTPUTS_BYTES;
  }

  /** @param path of a file in the run's folder */
  addArtifact(path: string): void {
    this.artifacts = this.artifacts.then(() => this.takeArtifact(path));
  }

  private async takeArtifact(path: string): Promise<void> {
    try {
      const { name, size } = await this.channel.takeArtifact(path);
      this.channel.events.reportProgress({
        attempt: this.at.attempt,
        step: this.at.step,
        artifacts: [{ name, size }],
      });
    } catch (error) {
      this.isArtifactMissing = true;
      this.remark(`An artifact is missing from this run: ${(error as Error).message}`);
    }
  }
}

/** Removes colours and titles: error messages are shown in places that do not support them. */
function withoutColours(line: string): string {
  return withoutSequences(line.slice(0, 2000));
}
