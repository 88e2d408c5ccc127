import type { SchemaNotes } from '../schemas/annotated-schema';

const environment = {
  description:
    'Variables with their values, which are visible to every reader. Each value is passed exactly as written, so 3.10 ' +
    'stays 3.10. A variable of a step wins over one of the project.',
  examples: [{ TZ: 'Europe/Berlin', LOG_LEVEL: 'info' }],
};
const passEnv = {
  description:
    'Names of variables that are passed through from the server or worker, for secrets. Their values are masked in ' +
    'logs, events and errors.',
  examples: [['API_TOKEN']],
};
const passPlainEnv = {
  description:
    'Names of variables that are passed through from the server or worker. Their values are not masked.',
  examples: [['HTTP_PROXY']],
};

/** The keys of one entry, alone or in a list. */
const ofSchedule = (path: string): SchemaNotes => ({
  [`${path}.name`]: {
    description:
      'The name of the entry: a-z, 0-9 and hyphens. Each entry of a list needs one. An entry alone is "default".',
    examples: ['nightly'],
  },
  [`${path}.cron`]: {
    description:
      'Five fields (minute, hour, day, month, weekday), six with seconds first, or @hourly, @daily, @weekly, @monthly.',
    examples: ['0 22 * * *'],
  },
  [`${path}.timeZone`]: {
    description: 'The IANA time zone whose clocks the expression follows.',
    default: 'UTC',
    examples: ['Europe/Berlin'],
  },
  [`${path}.scope`]: {
    description: 'The scope of the runs: full, one of "scopes", from:STEP or only:STEP.',
    default: 'full',
    examples: ['only:check'],
  },
  [`${path}.params`]: {
    description: 'Params of the runs. The others have their defaults. A secret cannot be given.',
    default: {},
    examples: [{ pages: 5 }],
  },
  [`${path}.params.*`]: { description: 'The value of a param, as its type demands.' },
  [`${path}.catchUp`]: {
    description: 'Whether the newest start that was missed while the server was down is made up for.',
    default: false,
  },
  [`${path}.enabled`]: { description: 'With false, the entry starts nothing.', default: true },
});

/**
 * The texts that editors show for each key of a project file, by path. Beside the rules and not in them, because only
 * the published schema needs them. A test compares the defaults with those that the parser fills in.
 */
export const PROJECT_FILE_HELP: SchemaNotes = {
  id: {
    description:
      'The name of the project in URLs and on the command line: a-z, 0-9 and hyphens. No other project may have it.',
    examples: ['weekly-report'],
  },
  name: { description: 'The display name. Without it, the id is shown.', examples: ['Weekly report'] },
  description: {
    description: 'What the project does. Shown on its page.',
    examples: ['Collects the pages of a week and writes a report about them'],
  },
  tags: {
    description: 'Words by which the overview and GET /api/projects?tag= list projects.',
    examples: [['finance', 'nightly']],
  },
  enabled: { description: 'With false, no run starts (409 PROJECT_DISABLED).', default: true },
  default: {
    description: 'Whether POST /api/runs uses this project. Only one project can be the default.',
    default: false,
  },
  executor: {
    description:
      '"steps": Jobato executes the commands in "steps". "external": a worker of your own receives run.requested and ' +
      'does the work.',
    default: 'steps',
  },
  params: {
    description:
      'Values to choose for a run, by name: in the form on the page of the project, on the command line, or over REST. ' +
      'Undeclared params are refused.',
    examples: [{ week: { type: 'integer', min: 1, max: 53, required: true } }],
  },
  'params.*': { description: 'A value to choose for a run.' },
  'params.*.type': {
    description:
      'The type of the value. An enum is one of "values". A secret is a text that is encrypted, masked in logs and ' +
      'deleted at the end of the run.',
  },
  'params.*.description': { description: 'Shown in the form.', examples: ['Which week'] },
  'params.*.required': {
    description: 'Whether a run needs the value. A param with a default never does.',
    default: false,
  },
  'params.*.default': {
    description: 'The value of runs that are started without one.',
    examples: ['md', 10, true],
  },
  'params.*.example': { description: 'A valid value for readers, shown beside the description.' },
  'params.*.multiline': { description: 'Whether the form has several lines for a string.', default: false },
  'params.*.min': {
    description:
      'The smallest number, the first day of a date, or the smallest length of a text or an array.',
  },
  'params.*.max': {
    description: 'The largest number, the last day of a date, or the largest length of a text or an array.',
  },
  'params.*.pattern': {
    description:
      'A regular expression in RE2 syntax that the whole text, or each item of an array, must match.',
    examples: ['[A-Z]{2}[0-9]+'],
  },
  'params.*.values': {
    description: 'The values of an enum, or of each item of an array.',
    examples: [['md', 'html']],
  },
  env: environment,
  passEnv,
  passPlainEnv,
  steps: {
    description: 'The commands of the pipeline. They run in order, or as "needs" says.',
    examples: [[{ name: 'build', run: 'make all' }]],
  },
  'steps.*': { description: 'One command of the pipeline. It has a "command" or a "run".' },
  'steps.*.name': {
    description: 'The name of the step, unique in the project: a-z, 0-9, dots, underscores and hyphens.',
    examples: ['build'],
  },
  'steps.*.command': {
    description:
      'A program and its arguments. No shell reads them, so nothing needs quotes. Each item is passed exactly as ' +
      'written. Write a line for a shell as "run".',
    examples: [['node', 'scripts/fetch.js', '--all']],
  },
  'steps.*.run': {
    description:
      'A script instead of a command. Bash executes it and stops at the first command that fails (bash -eo pipefail). ' +
      'Without Bash in PATH, it is sh -e.',
    examples: ['make all'],
  },
  'steps.*.shell': {
    description: 'The program that executes "run" instead of Bash, with its arguments.',
    examples: [['python3']],
  },
  'steps.*.timeoutSeconds': {
    description:
      'Seconds after which the step is ended and fails. Without it, only the limit of the run counts.',
    examples: [600],
  },
  'steps.*.env': environment,
  'steps.*.passEnv': passEnv,
  'steps.*.passPlainEnv': passPlainEnv,
  'steps.*.workingDir': {
    description:
      'The folder in which the step runs, relative to the folder in which the server was started. ~ is the home of its ' +
      'user.',
    default: '.',
  },
  'steps.*.needs': {
    description:
      'The steps that must end before this one starts. As soon as one step has "needs", steps without it start at once. ' +
      'Without any, the steps run in the order of the file.',
    examples: [['fetch', 'clean']],
  },
  'steps.*.when': {
    description:
      '"success": only while no step has failed. "failure": only after a failure. "always": also after a stop.',
    default: 'success',
  },
  'steps.*.continueOnError': {
    description: 'With true, a failure of the step makes the run partial, and the other steps go on.',
    default: false,
  },
  'steps.*.mergeOutput': {
    description: 'Whether stdout and stderr are one stream, which keeps the order of their lines.',
    default: false,
  },
  'steps.*.artifacts': {
    description:
      'Patterns of files that the step makes, relative to the folder of the run (JOBATO_RUN_DIR) or to its working ' +
      'directory. They become artifacts of the run at the end of the step.',
    default: [],
    examples: [['out/*.csv']],
  },
  'steps.*.retry': {
    description: 'Further attempts at a failed step.',
    examples: [{ maxAttempts: 3, delaySeconds: 10, backoff: 2, maxDelaySeconds: 300 }],
  },
  'steps.*.retry.maxAttempts': { description: 'Number of attempts, the first one included.', examples: [3] },
  'steps.*.retry.delaySeconds': { description: 'Seconds before the second attempt.', default: 1 },
  'steps.*.retry.backoff': {
    description: 'The factor by which the delay grows with each attempt. With 1, it stays the same.',
    default: 2,
  },
  'steps.*.retry.maxDelaySeconds': { description: 'The longest delay in seconds.', default: 300 },
  parallel: { description: 'How many steps may run side by side.', default: 4 },
  scopes: {
    description:
      'Named selections of steps that a run can execute, in addition to full, from:<step> and only:<step>.',
    examples: [{ quick: ['write'] }],
  },
  'scopes.*': { description: 'The names of the steps of this scope.' },
  timeoutSeconds: {
    description:
      'Seconds after which the whole run is ended, including the wait for a worker and all attempts. Without it, there ' +
      'is no limit.',
    examples: [3600],
  },
  metrics: {
    description: 'Names of reported metrics that the summary bar shows.',
    default: ['newJobsCount', 'relevantCount'],
  },
  quota: { description: 'Whether quota.yaml limits the calls of the runs.', default: false },
  inputs: {
    description:
      '"queries-x-allowlists": runs get each query of queries.yaml at each domain of allowlists.yaml.',
  },
  watch: {
    description:
      'Patterns of files, relative to the folder in which the server was started. After a change, the page marks the ' +
      'project "Needs re-run".',
    default: [],
    examples: [['docs/**', '!docs/drafts']],
  },
  artifacts: {
    description: 'Patterns of files that any step makes; see "artifacts" of a step.',
    default: [],
    examples: [['out/*.csv']],
  },
  schedule: {
    description: 'When runs start: one entry, or a list of entries with names.',
    examples: [
      { cron: '0 22 * * *', timeZone: 'Europe/Berlin' },
      [
        { name: 'nightly', cron: '@daily' },
        { name: 'office-hours', cron: '*/30 9-17 * * MON-FRI', scope: 'only:check' },
      ],
    ],
  },
  'schedule.*': { description: 'When runs start, and with which scope and params.' },
  ...ofSchedule('schedule'),
  ...ofSchedule('schedule.*'),
  keep: {
    description:
      'How long runs are kept. A run is deleted when it exceeds any of the limits. The newest run, the newest completed run, and pinned and active runs always stay.',
    examples: [{ days: 90, runs: 500 }],
  },
  'keep.days': {
    description:
      'Days since the start of a run. The default is RETENTION_DAYS. With 0, there is no limit by age.',
    examples: [90],
  },
  'keep.runs': { description: 'How many runs are kept, counted from the newest.', examples: [500] },
  'keep.logsDays': {
    description:
      'Days after which the log of a run is removed. The run stays. The log of the newest failed run stays too.',
    examples: [30],
  },
  'keep.artifactsDays': {
    description: 'Days after which the files of a run are removed. The run stays.',
    examples: [30],
  },
  result: {
    description:
      'The live result: one file of a completed run. It goes live with the end of the run, and can be taken back.',
    examples: [{ artifact: 'report.db', keep: 10 }],
  },
  'result.pointer': {
    description:
      'A further file, relative to DATA_DIR, in which Jobato writes the path of the live result. Its first line is relative to DATA_DIR.',
    examples: ['db/current-db.txt'],
  },
  'result.artifact': {
    description: 'The artifact that is the result of each run that offers no other file.',
    examples: ['glossary.json'],
  },
  'result.partial': {
    description: 'Whether the result of a partial run goes live too.',
    default: false,
  },
  'result.keep': {
    description: 'How many earlier results stay, to which you can go back.',
    default: 5,
  },
  'result.table': {
    description: 'The table of an SQLite result that readers see, read-only.',
    examples: [{ name: 'jobs', newBy: 'first_seen_run', title: 'title', link: 'url', sort: 'score desc' }],
  },
  'result.table.name': { description: 'The name of the table or view.', examples: ['jobs'] },
  'result.table.columns': {
    description: 'The columns that are shown, in this order. Without it, all are.',
    examples: [['title', 'company', 'score']],
  },
  'result.table.newBy': {
    description: 'The column with the id of the run that added the row. It makes the view "today" possible.',
    examples: ['first_seen_run'],
  },
  'result.table.title': { description: 'The column that names a row.', examples: ['title'] },
  'result.table.link': {
    description: 'The column with a web address (http or https). The title leads to it.',
    examples: ['url'],
  },
  'result.table.sort': {
    description: 'The column by which rows are sorted at first; with " desc", the largest first.',
    examples: ['score desc'],
  },
  retry: { description: 'What happens when the worker of a run is lost.' },
  'retry.maxAttempts': {
    description: 'Number of attempts when workers are lost. With 1, the run ends failed (worker-lost).',
    default: 1,
  },
  stopGraceSeconds: {
    description:
      'Seconds in which an external worker must confirm a stop. After that, Jobato cancels the run.',
    default: 30,
  },
  claimTimeoutSeconds: {
    description: 'Seconds for which a run may wait for a worker. With 0, there is no limit.',
    default: 0,
  },
  notify: {
    description:
      'Which channels of notifications.yaml are notified of what. Replaces the defaults of that file. An empty list ' +
      'switches notifications off.',
    examples: [[{ channel: 'ops', on: ['failed', 'recovered'] }], []],
  },
  'notify.*': { description: 'A channel and its conditions.' },
  'notify.*.channel': { description: 'The id of a channel in notifications.yaml.', examples: ['ops'] },
  'notify.*.on': {
    description:
      'The conditions. "recovered" is the first completed run after a failure. "late", "long", "stale" and "stuck" ' +
      'are notified once when they begin and once when they are over.',
    examples: [['failed', 'recovered']],
  },
  lateAfterSeconds: {
    description: 'Seconds after which a scheduled start that has not happened is "late".',
    default: 300,
  },
  longAfterSeconds: {
    description: 'Seconds after which a run is "long". Without it, three times the typical duration.',
    examples: [3600],
  },
  expectSuccessEverySeconds: {
    description: 'Seconds without a completed run after which the project is "stale". Without it, never.',
    examples: [90000],
  },
};
