#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../config/config-error';
import { readEnvironment } from '../config/environment';
import { RUN_STATUSES } from '../runs/run';
import {
  askAgain,
  cancel,
  list,
  type ListOptions,
  logs,
  show,
  trigger,
  type TriggerOptions,
} from './commands';
import type { ContractTestOptions } from './contract-test/contract-test';
import { demo, type DemoOptions } from './demo';
import { CliFailure, EXIT } from './failures';
import { init } from './init';
import { JobatoClient } from './jobato-client';
import { endWhenNobodyReads } from './terminal';

const ENVIRONMENT_HELP = `
Environment (JOBATO_… also read from .env):
  JOBATO_URL                where the server is (http://127.0.0.1:3000)
  JOBATO_ADMIN_TOKEN        its token, if it has one
  JOBATO_ADMIN_TOKEN_FILE   a file that holds the token
  NO_COLOR                  set: no colours

Exit codes: 0 done, and with --follow the run completed · 1 it did not, or the server refused
            2 wrong arguments · 3 no server there · 130 stopped following by Ctrl-C`;

/** These commands keep running when their output is closed. */
const SERVING = ['serve', 'worker'];

/** @returns the exit code */
async function main(argv: string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const client = () => JobatoClient.fromEnvironment(readEnvironment(process.env).variables);

  const program = new Command('jobato')
    .description('Starts a Jobato server, and starts, shows and stops runs on it.')
    .addHelpText('after', ENVIRONMENT_HELP)
    .showHelpAfterError('(--help says more)')
    .exitOverride();

  program
    .command('init')
    .description('write an example configuration; existing files stay as they are')
    .argument('[folder]', 'where', '.')
    .action((folder: string) => {
      exitCode = init(folder);
    });

  program
    .command('serve')
    .description('start the server; .env.example has its settings')
    .action(async () => {
      await import('../main.js');
    });

  program
    .command('worker')
    .description('start a worker process, which takes runs from the server at JOBATO_URL')
    .action(async () => {
      await import('../worker.js');
    });

  program
    .command('demo')
    .description('start a server, build a glossary of its own documents, and go on serving')
    .option('--once', 'end with the run, with its exit code')
    .action(async (options: DemoOptions) => {
      exitCode = await demo(options);
    });

  program
    .command('trigger')
    .description('start a run of a project')
    .argument('<projectId>')
    .option('--scope <scope>', 'full, from:<step>, only:<step>, or one that the project names')
    .option('--param <name=value>', 'a parameter; may be repeated', collectParam)
    .option('--follow', 'show it until it ends')
    .option('--json', 'print the run as JSON')
    .action(async (projectId: string, options: TriggerOptions) => {
      exitCode = await trigger(client(), projectId, options);
    });

  program
    .command('list')
    .description('list runs, newest first')
    .option('--project <projectId>', 'of this project only')
    .addOption(new Option('--status <status>', 'with this status only').choices(RUN_STATUSES))
    .option('--limit <count>', 'how many at most, 1 to 200', toLimit, 20)
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => {
      exitCode = await list(client(), options);
    });

  program
    .command('show')
    .description('show one run')
    .argument('<runId>')
    .option('--json', 'print JSON')
    .action(async (runId: string, options: { json?: boolean }) => {
      exitCode = await show(client(), runId, options);
    });

  program
    .command('logs')
    .description('print the log of a run')
    .argument('<runId>')
    .option('--follow', 'go on until the run ends')
    .action(async (runId: string, options: { follow?: boolean }) => {
      exitCode = await logs(client(), runId, options);
    });

  program
    .command('cancel')
    .description('ask a run to stop')
    .argument('<runId>')
    .action(async (runId: string) => {
      exitCode = await cancel(client(), runId);
    });

  program
    .command('ask-again')
    .description(
      'publish the request of a run once more that no worker has claimed; one may be at work already',
    )
    .argument('<runId>')
    .action(async (runId: string) => {
      exitCode = await askAgain(client(), runId);
    });

  program
    .command('contract-test')
    .description('put an external worker through its paces; needs a Redis and no server')
    .requiredOption('--redis <url>', 'the Redis that the worker reads, such as redis://127.0.0.1:6379')
    .requiredOption('--project <projectId>', 'the project whose runs it takes')
    .option(
      '--worker-command <command>',
      'start the worker here, so that it can also be killed and started again',
    )
    .option('--stream <name>', 'the stream that it reads', 'ml:run-events')
    .option('--logs-stream <name>', 'where it may send run.log (ml:run-logs, beside the other)')
    .option('--timeout-seconds <seconds>', 'how long it may take for one run', toSeconds, 60)
    .option('--grace-seconds <seconds>', 'how long it may take to confirm a stop', toSeconds, 30)
    .option('--settle-seconds <seconds>', 'how long to listen for what should not come', toSeconds, 2)
    .option('--payload <json>', 'members for each request, such as params or runInputs', toPayload, {})
    .option('--force', 'also on a stream that a Jobato reads')
    .option('--keep', 'leave on the stream what was said')
    .option('--json', 'print what was found as JSON')
    .action(async (options: ContractTestOptions) => {
      // Loaded lazily: Nest, Redis and the schemas would take most of the run time of a short command.
      const { contractTest } = await import('./contract-test/contract-test.js');
      exitCode = await contractTest(options, process.env);
    });

  await program.parseAsync(argv);
  return exitCode;
}

/** Collects one or more `--param name=value`. */
function collectParam(argument: string, collected: Record<string, string> = {}): Record<string, string> {
  const at = argument.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must look like name=value.');
  const name = argument.slice(0, at);
  if (Object.hasOwn(collected, name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return { ...collected, [name]: argument.slice(at + 1) };
}

function toLimit(argument: string): number {
  const limit = Number(argument);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 200.');
}

function toSeconds(argument: string): number {
  const seconds = Number(argument);
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds, up to 86400.');
}

/** Parses the members for the payload of requests. */
function toPayload(argument: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(argument);
  } catch {
    parsed = null;
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw new CliFailure(`--payload must be a JSON object, not ${argument}`, EXIT.usage);
}

function exitCodeOf(error: unknown): number {
  // Commander has already printed its message; --help also ends here, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof CliFailure) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.notCompleted;
}

if (!SERVING.includes(process.argv[2] ?? '')) endWhenNobodyReads();
main(process.argv).then(
  (exitCode) => (process.exitCode = exitCode),
  (error: unknown) => (process.exitCode = exitCodeOf(error)),
);
