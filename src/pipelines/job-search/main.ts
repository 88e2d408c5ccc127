import { Command } from 'commander';
import { JobSearchError } from './job-search.errors';
import { openReport, type Report } from './report';
import { type GivenOptions, optionName, PARAMETERS, type Settings, settingsFrom } from './settings';

type Step = (settings: Settings, report: Report) => void | Promise<void>;

/** Steps load lazily, so that each starts quickly. */
const STEPS: [name: string, description: string, load: () => Promise<Step>][] = [
  [
    'search',
    'read boards and feeds, and keep the postings that fit a query',
    async () => (await import('./search.js')).search,
  ],
  ['capture', 'store the pages of new postings', async () => (await import('./capture.js')).capture],
  ['dedupe', 'find postings of the same vacancy', async () => (await import('./dedupe.js')).dedupe],
  ['score', 'score each job by the words of its queries', async () => (await import('./score.js')).score],
  ['publish', 'write the next result file', async () => (await import('./publish.js')).publish],
];

const program = new Command('job-search')
  .description('Searches job boards and feeds, in five steps that each go on where the one before ended.')
  .showHelpAfterError();

for (const [name, description, load] of STEPS) {
  const command = program
    .command(name)
    .description(description)
    .option('--run-dir <folder>', 'what the steps leave for one another (default: data/runs/job-search)')
    .option('--inputs <file>', 'the searches as JSON: [{"queryId", "queryText", "domain"}]')
    .option(
      '--allow-private-addresses',
      'send requests to private addresses too: for tests with local servers',
    );
  for (const [parameter, spec] of Object.entries(PARAMETERS))
    command.option(
      `--${optionName(parameter)} <${'min' in spec ? 'number' : 'text'}>`,
      `${spec.description} (default: ${spec.default})`,
    );
  command.action((options: GivenOptions) => run(load, options));
}

/** Runs one step and sets the exit code. */
async function run(load: () => Promise<Step>, options: GivenOptions): Promise<void> {
  const report = openReport(process.env);
  try {
    const settings = settingsFrom(options, process.env, process.cwd());
    const step = await load();
    await step(settings, report);
  } catch (error) {
    const known = error instanceof JobSearchError;
    report.error(
      known ? error.code : 'INTERNAL',
      known ? error.message : `The step failed: ${String(error)}`,
    );
    if (!known && error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}

void program.parseAsync();
