/**
 * Imports run downhill. Each rule names what a folder may not know; what is not forbidden here is allowed.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const domains = [
  'config',
  'clock',
  'cron',
  'http',
  'schemas',
  'health',
  'metrics',
  'lifecycle',
  'database',
  'config-files',
  'projects',
  'events',
  'inputs',
  'quota',
  'logs',
  'presence',
  'results',
  'files',
  'config-schemas',
  'runs',
  'intake',
  'workers',
  'artifacts',
  'history',
  'schedules',
  'backup',
  'channels',
  'notifications',
  'retention',
];

/** From the bottom up: each layer may import those before it, and none after it. */
const LAYERS = [
  ['clock', 'config', 'cron', 'http', 'schemas'],
  ['health', 'metrics'],
  ['lifecycle', 'logging', 'database', 'config-files', 'files'],
  ['projects', 'events'],
  ['channels', 'inputs', 'quota', 'logs', 'presence', 'results'],
  ['config-schemas', 'runs'],
  ['intake'],
  ['workers', 'history', 'schedules'],
  ['notifications'],
  ['artifacts'],
  ['retention'],
  ['executor'],
  ['access'],
  ['admin'],
  ['backup'],
];

/** The same within the pages. */
const ADMIN_LAYERS = [
  ['words'],
  ['page'],
  ['log'],
  ['run'],
  ['project'],
  ['overview', 'artifact', 'results', 'runs', 'installation'],
];

/** The rules of the domain: the names of files below `src`, without their ending. */
const PURE_RULES = [
  'access/(access-rules|form-token)',
  'config-files/parse-yaml',
  'config/(decode-text|unknown-variables)',
  'cron/[a-z-]+',
  'events/(run-event|event-schemas|event-words|event-examples|envelope-schema|delivery-rules|asyncapi|parse-event)',
  'executor/(secret-mask|line-splitter|step-report|step-environment)',
  'history/(rerun-reason|rerun-reason-text|run-search)',
  'http/problem-catalogue',
  'inputs/(run-inputs|input-file|input-switch|enabled-edit|search-key)',
  'intake/(event-authority|event-command|event-effect|event-listing|same-event)',
  'logs/(log-line|log-chunk|log-level|seen-numbers|step-starts)',
  'projects/(project|params|scope|project-file|project-file\\.schema|schedule-file|settle-projects|content-hash)',
  'results/(run-result|data-folder-map|table/(table-flaw|table-layout|table-cursor|cell|csv))',
  'quota/(quota-day|quota-file|attempt-usage)',
  'runs/(run|run-state|run-id|artifact-name|waiting|stop-report|stop-text|text-part|waiting-text|run-error|new-run|idempotency-key|reporting-habits|start-range|sender-clock)',
  'retention/(keep-limits|retention-rule|trusted-time)',
  'schedules/(schedule-record|folded-records|pause|due-plan)',
  'workers/(claimant|http/(http-envelope|log-body))',
];

const folder = (names, parent = 'src') => `^${parent}/(${names.join('|')})/`;

const downhill = (layers, parent) =>
  layers.slice(0, -1).map((layer, index) => ({
    name: `downhill-from-${layer.join('-')}`,
    comment: 'A lower layer knows nothing of the ones above it.',
    severity: 'error',
    from: { path: folder(layer, parent) },
    to: { path: folder(layers.slice(index + 1).flat(), parent) },
  }));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...downhill(LAYERS),
    ...downhill(ADMIN_LAYERS, 'src/admin'),
    {
      name: 'events-and-projects-are-apart',
      severity: 'error',
      from: { path: folder(['events']) },
      to: { path: folder(['projects']) },
    },
    {
      name: 'domains-know-nothing-of-the-application',
      comment: 'Only main.ts, the tests and the demo put the application together.',
      severity: 'error',
      from: { path: folder(domains) },
      to: { path: '^src/(app|app\\.module|main)\\.ts$' },
    },
    {
      name: 'pipelines-stand-alone',
      comment: 'They are programs that Jobato starts, and work without it.',
      severity: 'error',
      from: { path: '^src/pipelines/' },
      to: { path: '^src/(?!pipelines/)' },
    },
    {
      name: 'nothing-imports-a-pipeline',
      severity: 'error',
      from: { path: '^src/(?!pipelines/)' },
      to: { path: '^src/pipelines/' },
    },
    {
      name: 'pure-rules',
      comment: 'The rules of the domain are plain TypeScript: no framework, no input or output.',
      severity: 'error',
      from: {
        path: `^src/(${PURE_RULES.join('|')})\\.ts$`,
      },
      to: {
        path: '(node_modules/(@nestjs|typeorm|better-sqlite3|express)/|^(node:)?(fs|child_process|net|http)(/|$))',
      },
    },
    {
      name: 'not-to-dev-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
    },
  },
};
