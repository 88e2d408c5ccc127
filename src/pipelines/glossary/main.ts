import { Command } from 'commander';
import { GlossaryError } from './glossary.errors';
import { openReport, type Report } from './report';
import { PARAMETERS, settingsFrom, type GivenOptions, type Settings } from './settings';

type Step = (settings: Settings, report: Report) => void;

/** Steps load lazily, because only the first two need the language model. */
const STEPS: [name: string, description: string, load: () => Promise<Step>][] = [
  [
    'extract',
    'find the terms in a folder of Markdown and text documents',
    async () => (await import('./extract.js')).extract,
  ],
  [
    'provisional',
    "give every term a definition out of the documents' own sentences",
    async () => (await import('./provisional.js')).provisional,
  ],
  [
    'issues',
    'find what is unclear, contradictory, missing or not worth keeping',
    async () => (await import('./issues.js')).issues,
  ],
  [
    'refined',
    'resolve what can be resolved and write glossary.md and glossary.json',
    async () => (await import('./refined.js')).refined,
  ],
];

const program = new Command('glossary')
  .description(
    'Builds a glossary out of documents, in four steps that each go on where the one before ended.',
  )
  .showHelpAfterError();

for (const [name, description, load] of STEPS) {
  program
    .command(name)
    .description(description)
    .option('--docs <folder>', `folder with the documents (default: ${PARAMETERS.docs.default})`)
    .option('--terms <file>', 'YAML or text file with "excluded:" and "required:" terms')
    .option('--work <dir>', 'what the steps leave for one another (default: data/work/glossary)')
    .option('--out <dir>', 'where to put a copy of the finished glossary')
    .option('--title <text>', `heading of the glossary (default: ${PARAMETERS.title.default})`)
    .option('--max-terms <number>', `most terms to look at (default: ${PARAMETERS.maxTerms.default})`)
    .option(
      '--min-occurrences <number>',
      `how often a term must be used (default: ${PARAMETERS.minOccurrences.default})`,
    )
    .option('--min-score <number>', `how much of a term it must be (default: ${PARAMETERS.minScore.default})`)
    .option(
      '--min-confidence <number>',
      `below it a definition is weak (default: ${PARAMETERS.minConfidence.default})`,
    )
    .option(
      '--max-file-kb <number>',
      `larger documents are left aside (default: ${PARAMETERS.maxFileKb.default})`,
    )
    .option(
      '--max-documents <number>',
      `more of them are refused (default: ${PARAMETERS.maxDocuments.default})`,
    )
    .action((options: GivenOptions) => run(load, options));
}

/** Runs one step and sets the exit code. Output errors, such as a full pipe or disk, also fail the step. */
async function run(load: () => Promise<Step>, options: GivenOptions): Promise<void> {
  const report = openReport(process.env);
  try {
    const settings = settingsFrom(options, process.env, process.cwd());
    const step = await load();
    step(settings, report);
  } catch (error) {
    const known = error instanceof GlossaryError;
    report.error(
      known ? error.code : 'INTERNAL',
      known ? error.message : `The step failed: ${String(error)}`,
    );
    if (!known && error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}

void program.parseAsync();
