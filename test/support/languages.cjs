// Which interpreters of the example workers are on this machine; asked by the tests and by check-tools.mjs.
const { spawnSync } = require('node:child_process');

const works = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** One that can `import redis`: the first Python on the path may be another than the system's. */
exports.pythonWithRedis = () => {
  const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean);
  return candidates.find((python) => works(python, '-c', 'import redis')) ?? null;
};

/** Programs that the examples in bash need and that are not there. */
exports.missingForBash = () =>
  ['bash', 'redis-cli', 'jq', 'curl'].filter((program) => !works(program, '--version'));
