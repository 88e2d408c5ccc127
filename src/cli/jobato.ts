#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../config/config-error';
import { readEnvironment } from '../config/environment';
import { RUN_STATUSES } from '../runs/run';
import type { BackupCommandOptions } from './backup-commands';
import { artifacts, type ArtifactsOptions } from './artifacts';
import { askAgain, cancel, list, type ListOptions, logs, show } from './commands';
import { complete } from './completion/complete';
import { completionScript, type Shell, SHELLS } from './completion/scripts';
import type { ContractTestOptions } from './contract-test/contract-test';
import { demo, type DemoOptions } from './demo';
import { CliFailure, EXIT } from './failures';
import { init } from './init';
import { JobatoClient } from './jobato-client';
import { newProject, type NewProjectOptions } from './new-project';
import { pause, type PauseOptions, resume, schedules } from './schedule-commands';
import { openPage, type OpenOptions } from './open-page';
import { PROJECT_STATES, projects, type ProjectsOptions } from './projects';
import { rerun, type RerunOptions } from './rerun';
import { RUN_ARGUMENT } from './run-reference';
import { endWithoutOutput, Terminal } from './terminal';
import { trigger, type TriggerOptions } from './trigger';
import { validate } from './validate';

const ENVIRONMENT_HELP = `
Environment variables (also from .env):
  JOBATO_URL                URL of the server (default http://127.0.0.1:3000)
  JOBATO_ADMIN_TOKEN        token of the server, if it has one
  JOBATO_ADMIN_TOKEN_FILE   path of a file that contains the token
  DATA_DIR                  data folder for backup and restore (default data)
  NO_COLOR, CLICOLOR=0      no colors
  CLICOLOR_FORCE=1          colors also where output is no terminal
  COLUMNS                   width of the terminal, if it reports another one
  BROWSER                   the program for the command open

Exit codes: 0 success, and with --follow the run completed
            1 the run did not complete, the server refused the request, or a file has problems
            2 wrong arguments
            3 server not reachable
            130 interrupted by Ctrl-C`;

/** A user waits for a completion with an empty line. */
const COMPLETES_WITHIN_MS = 2000;

/** These commands keep running when their output is closed. */
const SERVING = ['serve', 'worker'];

/** @returns the exit code */
async function main(argv: string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const client = (answerWithinMs?: number) =>
    JobatoClient.fromEnvironment(readEnvironment(process.env).variables, answerWithinMs);

  const program = new Command('jobato')
    .description('Run a Jobato server, start, show and stop runs, and make backups.')
    .addHelpText('after', ENVIRONMENT_HELP)
    .showHelpAfterError('(use --help for details)')
    .exitOverride();

  program
    .command('init')
    .description('write an example configuration without changing existing files')
    .argument('[folder]', 'target folder', '.')
    .action((folder: string) => {
      exitCode = init(folder);
    });

  program
    .command('new')
    .description('write a commented project file to CONFIG_DIR/projects; existing files are unchanged')
    .argument('[id]', 'id of the project: a-z, 0-9 and -', 'my-project')
    .option('--external', 'for a project whose runs a worker of your own executes')
    .action(async (id: string, options: NewProjectOptions) => {
      exitCode = await newProject(id, options);
    });

  program
    .command('validate')
    .description('check configuration files, with the line and reason of each problem; requires no server')
    .argument('[files...]', 'the files; without any, all in CONFIG_DIR')
    .action(async (files: string[]) => {
      exitCode = await validate(files);
    });

  program
    .command('serve')
    .description('start the server; see .env.example for its settings')
    .action(async () => {
      await import('../main.js');
    });

  program
    .command('worker')
    .description('start a worker process that executes runs of the server at JOBATO_URL')
    .action(async () => {
      await import('../worker.js');
    });

  program
    .command('compact')
    .description('make the database in DATA_DIR smaller, while the server is stopped')
    .action(async () => {
      const { compactDatabase } = await import('./compact.js');
      exitCode = compactDatabase();
    });

  program
    .command('demo')
    .description('start a server, run a project that comes with Jobato, and keep the server running')
    .option('--project <projectId>', 'the project to run, such as job-search; default: the default project')
    .option('--once', 'exit with the code of the last run when it ends')
    .action(async (options: DemoOptions) => {
      exitCode = await demo(options);
    });

  withStartOptions(
    program
      .command('trigger')
      .description('start a run of a project')
      .argument('<projectId>')
      .option('--scope <scope>', 'full, from:<step>, only:<step>, or a named scope of the project'),
  ).action(async (projectId: string, options: TriggerOptions) => {
    exitCode = await trigger(client(), projectId, options);
  });

  withStartOptions(
    program
      .command('rerun')
      .description('start a run again: with its steps and parameters, unless options say otherwise')
      .argument('<run>', RUN_ARGUMENT)
      .addOption(new Option('--from <step>', 'this step and all that need it').conflicts('only'))
      .option('--only <step>', 'only this step'),
  ).action(async (run: string, options: RerunOptions) => {
    exitCode = await rerun(client(), run, options);
  });

  program
    .command('projects')
    .description('list projects with their state, last run and next start')
    .option('--tag <tag>', 'only projects with this tag')
    .addOption(new Option('--state <state>', 'only projects in this state').choices(PROJECT_STATES))
    .option('--json', 'print the result as JSON')
    .action(async (options: ProjectsOptions) => {
      exitCode = await projects(client(), options);
    });

  program
    .command('list')
    .description('list runs, newest first')
    .option('--project <projectId>', 'only runs of this project')
    .addOption(new Option('--status <status>', 'only runs with this status').choices(RUN_STATUSES))
    .option('--limit <count>', 'maximum number of runs, 1 to 200', toLimit, 20)
    .option('--json', 'print the result as JSON')
    .action(async (options: ListOptions) => {
      exitCode = await list(client(), options);
    });

  program
    .command('show')
    .description('show a run')
    .argument('<run>', RUN_ARGUMENT)
    .option('--json', 'print the result as JSON')
    .action(async (run: string, options: { json?: boolean }) => {
      exitCode = await show(client(), run, options);
    });

  program
    .command('logs')
    .description('print the log of a run')
    .argument('<run>', RUN_ARGUMENT)
    .option('--follow', 'follow the log until the run ends')
    .action(async (run: string, options: { follow?: boolean }) => {
      exitCode = await logs(client(), run, options);
    });

  program
    .command('artifacts')
    .description('list the artifacts of a run, or save them')
    .argument('<run>', RUN_ARGUMENT)
    .option('--download <artifact>', 'save this artifact; repeat it for several', collectNames)
    .addOption(new Option('--all', 'save all artifacts').conflicts('download'))
    .option('-o, --output <folder>', 'folder to save in', '.')
    .option('--force', 'replace existing files')
    .option('--json', 'print the list as JSON')
    .action(async (run: string, options: ArtifactsOptions) => {
      exitCode = await artifacts(client(), run, options);
    });

  program
    .command('cancel')
    .description('stop a run')
    .argument('<run>', RUN_ARGUMENT)
    .action(async (run: string) => {
      exitCode = await cancel(client(), run);
    });

  program
    .command('ask-again')
    .description('publish the request of an unclaimed run again; a worker may already be working on it')
    .argument('<run>', RUN_ARGUMENT)
    .action(async (run: string) => {
      exitCode = await askAgain(client(), run);
    });

  program
    .command('schedules')
    .description('list schedules with their next start')
    .argument('[projectId]', 'only schedules of this project')
    .option('--json', 'print the result as JSON')
    .action(async (projectId: string | undefined, options: { json?: boolean }) => {
      exitCode = await schedules(client(), projectId, options);
    });

  program
    .command('pause')
    .description('pause schedules: they start no runs; manual runs still start')
    .argument('[projectId]', 'only schedules of this project; without it, all')
    .option('--reason <text>', 'why, shown on every page')
    .option('--until <time>', 'when the pause ends, such as 2026-01-31T22:00:00Z')
    .action(async (projectId: string | undefined, options: PauseOptions) => {
      exitCode = await pause(client(), projectId, options);
    });

  program
    .command('resume')
    .description('end a pause; skipped starts are not made up for')
    .argument('[projectId]', 'the paused project; without it, the pause of all')
    .action(async (projectId: string | undefined) => {
      exitCode = await resume(client(), projectId);
    });

  program
    .command('open')
    .description('open the page of a project or a run in the browser; without an argument, the overview')
    .argument('[project or run]', 'the id of a project, or a run such as nightly/14')
    .option('--print', 'only print the address')
    .action(async (what: string | undefined, options: OpenOptions) => {
      exitCode = await openPage(client(), what, options);
    });

  program
    .command('backup')
    .description('write a backup of DATA_DIR to one tar file; the server may be running')
    .argument('<file>', 'path of the backup; - for standard output')
    .option('--files', 'with artifacts, results and captured pages')
    .option('--work', 'with the work folders of projects')
    .option('--force', 'replace an existing file')
    .action(async (file: string, options: BackupCommandOptions) => {
      const { backupCommand } = await import('./backup-commands.js');
      exitCode = await backupCommand(file, options);
    });

  program
    .command('restore')
    .description('create DATA_DIR from a backup; the folder must be empty or missing')
    .argument('<file>', 'path of the backup; - for standard input')
    .action(async (file: string) => {
      const { restoreCommand } = await import('./backup-commands.js');
      exitCode = await restoreCommand(file);
    });

  program
    .command('completion')
    .description(
      'print the script that completes commands, projects and runs in a shell; it says how to load it',
    )
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => {
      process.stdout.write(completionScript(shell));
    });

  program
    .command('__complete', { hidden: true })
    .helpOption(false)
    .argument('[words...]')
    .action(async (words: string[]) => {
      const lines = await complete(program, () => client(COMPLETES_WITHIN_MS), words);
      new Terminal(process.stdout).result(lines);
    });

  program
    .command('contract-test')
    .description('test an external worker against the event contract; requires Redis and no server')
    .requiredOption('--redis <url>', 'Redis server of the worker, such as redis://127.0.0.1:6379')
    .requiredOption('--project <projectId>', 'project whose runs the worker executes')
    .option(
      '--worker-command <command>',
      'start the worker with this command, which also allows tests that kill and restart it',
    )
    .option('--stream <name>', 'event stream of the worker', 'ml:run-events')
    .option('--logs-stream <name>', 'log stream of the worker (default: ml:run-logs next to ml:run-events)')
    .option('--timeout-seconds <seconds>', 'time limit for one run', toSeconds, 60)
    .option('--grace-seconds <seconds>', 'time limit to confirm a stop', toSeconds, 30)
    .option('--settle-seconds <seconds>', 'how long to wait for unexpected events', toSeconds, 2)
    .option(
      '--payload <json>',
      'additional members of each request, such as params or runInputs',
      toPayload,
      {},
    )
    .option('--force', 'run the test even if a Jobato server reads the stream')
    .option('--keep', 'keep the test entries on the stream')
    .option('--json', 'print the result as JSON')
    .action(async (options: ContractTestOptions) => {
      // Loaded lazily: Nest, Redis and the schemas would take most of the run time of a short command.
      const { contractTest } = await import('./contract-test/contract-test.js');
      exitCode = await contractTest(options, process.env);
    });

  await program.parseAsync(argv);
  return exitCode;
}

/** Adds the options of each command that starts a run. */
function withStartOptions(command: Command): Command {
  return command
    .option(
      '--param <param=value>',
      'set a parameter; repeat it for each parameter, and for each item of an array',
      collectParam,
    )
    .option(
      '--param-env <param=VARIABLE>',
      'set a parameter to the value of an environment variable, for secrets',
      collectParam,
    )
    .option('--param-stdin <param>', 'set a parameter to the text on standard input, for secrets')
    .option('--follow', 'follow the run until it ends')
    .option('--json', 'print the run as JSON');
}

/** Collects `--param param=value` and `--param-env`. A name can have several values, because arrays are given one item at a time. */
function collectParam(argument: string, collected: Record<string, string[]> = {}): Record<string, string[]> {
  const at = argument.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must have the form param=value.');
  const name = argument.slice(0, at);
  const earlier = Object.hasOwn(collected, name) ? collected[name]! : [];
  return { ...collected, [name]: [...earlier, argument.slice(at + 1)] };
}

function collectNames(name: string, collected: string[] = []): string[] {
  return [...collected, name];
}

function toLimit(argument: string): number {
  const limit = Number(argument);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 200.');
}

function toSeconds(argument: string): number {
  const seconds = Number(argument);
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds, at most 86400.');
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

if (!SERVING.includes(process.argv[2] ?? '')) endWithoutOutput();
main(process.argv).then(
  (exitCode) => (process.exitCode = exitCode),
  (error: unknown) => (process.exitCode = exitCodeOf(error)),
);
