/** What all specs have in common, and the groups that jest.config.cjs and jest.full.config.cjs choose from. */

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

/** These open pages. */
const IN_A_BROWSER = ['pages*', 'api-description', 'contract-kit'];

/** What hears and says events on the stream, from outside and inside. */
const ON_BOTH_STREAMS = [
  'smoke',
  'api-internal-events',
  'api-stop',
  'external-silent',
  'reused-event-ids',
];

/** These start a Redis of their own, or have no stream in them; of the pages, one spec stands for all. */
const ON_ONE_STREAM = [
  'api-access',
  'api-description',
  'api-errors',
  'api-fuzz',
  'api-worker-keys',
  'attack-lockout',
  'attack-names',
  'bounds',
  'bounds-declared',
  'cli-environment',
  'contract-kit',
  'database',
  'event-stream',
  'event-stream-redis',
  'external-silent-redis',
  'forged-stop-redis',
  'long/(?!pages-story)pages-.*',
  'long/base-path',
  'long/cli-demo',
  'long/contract-test',
  'long/copy-while-running',
  'long/example-workers',
  'long/generated-client',
  'long/glossary-commands',
  'long/large-output',
  'long/package',
  'long/proxies',
  'long/redis-faults',
  'long/rejected-flood',
  'long/server-log',
  'long/start-up',
  'long/worker-.*',
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

/** The rules of each folder, and the application with the embedded stream. */
exports.embedded = {
  ...common,
  displayName: 'embedded',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: excluding('long/.*', ...IN_A_BROWSER.map((name) => name.replace('*', '.*'))),
};

exports.pages = { ...common, ...withBrowser, displayName: 'pages', testMatch: matching(...IN_A_BROWSER) };

exports.streams = { ...common, ...withRedis, displayName: 'redis', testMatch: matching(...ON_BOTH_STREAMS) };

/** Floods and races, with as many repetitions as it takes to trust them. */
exports.repeated = {
  ...common,
  displayName: 'repeated',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  setupFiles: [manyRepetitions],
  testMatch: ['open-below', 'artifact-files', 'api-trigger', 'api-logs', 'process-signals'].map(
    (name) => `**/${name}.spec.ts`,
  ),
};

/** Many lives, many programs. */
exports.long = {
  ...common,
  ...withBrowser,
  setupFiles: [manyRepetitions],
  displayName: 'long',
  testMatch: matching('long/*'),
  // It kills the Redis between the parts, so it is nothing without one.
  testPathIgnorePatterns: excluding('long/chaos'),
};

/** Everything that has a stream in it once more, with Redis between the parts: what the tests hold does not hang on the stream. */
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
  // The last line of the output is the one that tools read: "N passed, N failed, N skipped".
  reporters: ['default', '<rootDir>/test/runner/closing-line.reporter.cjs'],
  // Ends a hang; no test waits for it. A busy machine can take many times as long as an idle one: no test has a limit
  // of its own.
  testTimeout: 600_000,
  // More than the cores of a small machine: much of the time is spent waiting, for one that ignores SIGTERM for example.
  maxWorkers: 4,
});
