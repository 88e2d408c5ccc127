import { logsBeside } from '../../config/config';
import { EXIT, usageFailure } from '../failures';
import { Terminal } from '../terminal';
import { oneLine } from '../terminal-text';
import { putThroughPaces } from './put-through-paces';
import { type Check, type Outcome, Report } from './report';
import { StreamSide } from './stream-side';
import { Trial } from './trial';
import { WorkerProcess } from './worker-process';

export interface ContractTestOptions {
  redis: string;
  project: string;
  stream: string;
  logsStream?: string;
  timeoutSeconds: number;
  graceSeconds: number;
  settleSeconds: number;
  payload: object;
  workerCommand?: string;
  force?: boolean;
  keep?: boolean;
  json?: boolean;
}

const LOOKS: Record<Outcome, { icon: string; style: 'green' | 'red' | 'dim' }> = {
  holds: { icon: '✓', style: 'green' },
  fails: { icon: '✗', style: 'red' },
  skipped: { icon: '–', style: 'dim' },
};

/** Acts as Jobato on the stream of an external worker, and reports which parts of the contract the worker keeps. */
export async function contractTest(
  options: ContractTestOptions,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const terminal = new Terminal(options.json ? process.stderr : process.stdout);
  const report = new Report({
    pace: (name) => terminal.result([name]),
    check: (check) => terminal.result(linesOf(terminal, check)),
  });
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const { stream, logsStream = logsBeside(stream) } = options;
  const side = await StreamSide.open(options.redis, { stream, logsStream, signal: interrupted.signal });
  const worker = options.workerCommand
    ? new WorkerProcess(
        options.workerCommand,
        {
          ...environment,
          REDIS_URL: options.redis,
          PROJECT_ID: options.project,
          RUN_EVENTS_STREAM: stream,
          RUN_LOGS_STREAM: logsStream,
        },
        side,
      )
    : null;
  try {
    await refuseToDisturb(side, options);
    const trial = new Trial(side, worker, report, { ...options, projectId: options.project });
    await putThroughPaces(trial);
  } finally {
    await worker?.stop();
    await side.close({ keep: options.keep === true });
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  terminal.result(['', summaryOf(report)]);
  if (options.json) {
    const { project, stream } = options;
    process.stdout.write(
      `${JSON.stringify({ project, stream, holds: report.allHolds, paces: report.paces }, null, 2)}\n`,
    );
  }
  return report.allHolds ? EXIT.done : EXIT.notCompleted;
}

/** A Jobato that reads this stream would reject all events about the runs of this test. */
async function refuseToDisturb(side: StreamSide, { stream, force }: ContractTestOptions): Promise<void> {
  const consumers = await side.apiConsumers();
  if (consumers.length === 0 || force) return;
  throw usageFailure(
    `A Jobato server reads the stream ${stream} (${consumers.join(', ')}) and would add events of this test to its ` +
      'rejected events.\nUse another Redis, or another stream for the worker and this test (--stream). If that server is ' +
      'no longer running, or if this does not matter, use --force.',
  );
}

function linesOf(terminal: Terminal, { outcome, what, detail, remedy }: Check): string[] {
  const { icon, style } = LOOKS[outcome];
  const [first = '', ...more] = (detail ?? '').split('\n').map(oneLine);
  return [
    `  ${terminal.styled(style, `${icon} ${what}`)}${first === '' ? '' : `: ${first}`}`,
    ...more.map((line) => `      ${line}`),
    ...(remedy === null ? [] : [`    → ${remedy}`]),
  ];
}

function summaryOf({ paces, allHolds }: Report): string {
  const count = (wanted: Outcome) =>
    paces.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === wanted).length;
  const counts = `${count('holds')} passed, ${count('fails')} failed, ${count('skipped')} skipped or informational`;
  return allHolds ? `All checks passed (${counts}).` : `Some checks failed (${counts}).`;
}
