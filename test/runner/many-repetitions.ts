process.env.JOBATO_TEST_REPETITIONS = 'many';
