/** Runs before each file of the project "redis"; see `environment` in support/jobato.ts. */
process.env.JOBATO_TEST_STREAM = 'redis';
