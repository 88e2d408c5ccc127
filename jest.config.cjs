/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
  // The last line of the output is the one that tools read: "N passed, N failed, N skipped".
  reporters: ['default', '<rootDir>/test/closing-line.reporter.cjs'],
  testTimeout: 30_000,
  maxWorkers: 2,
};
