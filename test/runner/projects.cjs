/** The settings that all specs share, and the groups that jest.config.cjs and jest.full.config.cjs select. */

const rootDir = require('node:path').join(__dirname, '..', '..');

/** @type {import('jest').Config} */
const common = {
  rootDir,
  roots: ['<rootDir>/test'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
  testEnvironment: '<rootDir>/test/runner/one-realm.environment.cjs',
  runtime: '<rootDir>/test/runner/shared-modules.runtime.cjs',
};

const matching = (...names) => [`<rootDir>/test/(${names.join('|')}).spec.ts`];

/** Specs that open pages. */
const IN_A_BROWSER = ['pages*', 'api-description', 'contract-kit'];

/** Specs that publish or read events on the stream, inside or outside of the application. */
const ON_BOTH_STREAMS = ['smoke', 'api-internal-events', 'api-stop', 'external-silent', 'reused-event-ids'];

/** Specs that start their own Redis or use no stream. One spec of the pages stands for all of them. */
const ON_ONE_STREAM = [
  'api-access',
  'api-description',
  'api-errors',
  'api-fuzz',
  'api-queries',
  'api-results-table',
  'api-schemas',
  'api-worker-keys',
  'attack-lockout',
  'attack-names',
  'backup',
  'bounds',
  'bounds-declared',
  'cli-(artifacts|completion|environment|open|projects)',
  'contract-kit',
  'database',
  'event-stream',
  'event-stream-redis',
  'external-silent-redis',
  'forged-stop-redis',
  'long/(?!pages-story)pages-.*',
  'long/api-watch',
  'long/backup-kills',
  'long/base-path',
  'long/cli-demo',
  'long/contract-test',
  'long/due-times',
  'long/example-workers',
  'long/generated-client',
  'long/glossary-commands',
  'long/job-search.*',
  'long/large-output',
  'long/notifications-faults',
  'long/package',
  'long/proxies',
  'long/redis-faults',
  'long/rejected-flood',
  'long/restored-copy-redis',
  'long/server-log',
  'long/start-up',
  'long/worker-.*',
  'notifications-mail',
  'pages',
  'pages-.*',
  'process-signals',
  'redis-large-entries',
  'redis-stream-trimming',
  'run-history-repository',
  'secret-files',
  'shared-stream-redis',
  'slow-bodies',
  'start-range',
  'start-up-config',
  'steps-isolation',
  'unused-connections',
];

const withBrowser = {
  globalSetup: '<rootDir>/test/runner/start-browser.ts',
  globalTeardown: '<rootDir>/test/runner/stop-browser.ts',
};
const withRedis = {
  globalSetup: '<rootDir>/test/runner/start-redis.ts',
  globalTeardown: '<rootDir>/test/runner/stop-redis.ts',
  setupFiles: ['<rootDir>/test/runner/on-redis.ts'],
};
/** See test/support/repetitions.ts. */
const manyRepetitions = '<rootDir>/test/runner/many-repetitions.ts';
const excluding = (...names) => ['/node_modules/', `/test/(${names.join('|')})\\.spec\\.ts$`];

/** The unit specs of each folder, and the application with the embedded stream. */
exports.embedded = {
  ...common,
  displayName: 'embedded',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: excluding('long/.*', ...IN_A_BROWSER.map((name) => name.replace('*', '.*'))),
};

/** The specs beside the code. */
exports.unit = { ...common, displayName: 'unit', roots: ['<rootDir>/src'], testMatch: ['**/*.spec.ts'] };

exports.pages = { ...common, ...withBrowser, displayName: 'pages', testMatch: matching(...IN_A_BROWSER) };

exports.streams = { ...common, ...withRedis, displayName: 'redis', testMatch: matching(...ON_BOTH_STREAMS) };

/** Floods and races, with enough repetitions to be reliable. */
exports.repeated = {
  ...common,
  displayName: 'repeated',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  setupFiles: [manyRepetitions],
  testMatch: [
    'open-below',
    'artifact-files',
    'cron/due-times',
    'api-trigger',
    'api-logs',
    'process-signals',
  ].map((name) => `**/${name}.spec.ts`),
};

/** Many server lives and many programs. */
exports.long = {
  ...common,
  ...withBrowser,
  setupFiles: [manyRepetitions],
  displayName: 'long',
  testMatch: matching('long/*'),
  // This spec kills Redis during the test, so it needs Redis.
  testPathIgnorePatterns: excluding('long/chaos'),
};

/** Runs all specs with a stream again on Redis: their results must not depend on the stream. */
exports.redis = {
  ...common,
  ...withRedis,
  setupFiles: [...withRedis.setupFiles, manyRepetitions],
  displayName: 'redis',
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: excluding(...ON_ONE_STREAM, ...ON_BOTH_STREAMS),
};

/** @param {object[]} projects */
exports.run = (projects) => ({
  rootDir,
  projects,
  globalSetup: '<rootDir>/test/runner/build.cjs',
  // Tools read the last line of the output: "N passed, N failed, N skipped".
  reporters: ['default', '<rootDir>/test/runner/closing-line.reporter.cjs'],
  // Ends a hang; no test waits for it. No test has its own limit, because a busy machine can be many times slower
  // than an idle one.
  testTimeout: 600_000,
  // More than the cores of a small machine, because specs mostly wait, for example for a process that ignores
  // SIGTERM.
  maxWorkers: 4,
});
