/** @type {import('jest').Config} */
const common = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...common,
      displayName: 'embedded',
      roots: ['<rootDir>/src', '<rootDir>/test'],
      testMatch: ['**/*.spec.ts'],
      // It kills the Redis between the parts, so it is nothing without one.
      testPathIgnorePatterns: ['/node_modules/', '/test/chaos.spec.ts'],
    },
    {
      // The same tests once more, with Redis between the parts: what they hold does not hang on the stream.
      ...common,
      displayName: 'redis',
      roots: ['<rootDir>/test'],
      testMatch: ['**/*.spec.ts'],
      // These start a Redis of their own, or have no stream in them; of the pages, one spec stands for all.
      testPathIgnorePatterns: [
        '/node_modules/',
        '/test/(api-description|api-fuzz|api-worker-keys|base-path|bounds|bounds-declared|cli-environment|contract-kit|contract-test|copy-while-running|database|event-stream|event-stream-redis|example-workers|external-silent-redis|generated-client|pages|pages-accessible|pages-api-docs|pages-locale|pages-log|pages-project|pages-quota|pages-run|pages-security|process-signals|proxies|redis-faults|run-history-queries|secret-files|server-log|slow-bodies|start-range|steps-isolation|unused-connections|worker-http|worker-losses|worker-redis)\\.spec\\.ts$',
      ],
      globalSetup: '<rootDir>/test/support/start-redis.ts',
      globalTeardown: '<rootDir>/test/support/stop-redis.ts',
      setupFiles: ['<rootDir>/test/support/on-redis.ts'],
    },
  ],
  // The last line of the output is the one that tools read: "N passed, N failed, N skipped".
  reporters: ['default', '<rootDir>/test/closing-line.reporter.cjs'],
  // Ends a hang; no test waits for it. A busy machine can take many times as long as an idle one: no test has a limit
  // of its own.
  testTimeout: 600_000,
  // One more than the cores of a small machine: much of the time is spent waiting, for one that ignores SIGTERM for example.
  maxWorkers: 3,
};
