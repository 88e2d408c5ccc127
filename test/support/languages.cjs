// Finds the interpreters for the example workers on this machine; used by the tests and by check-tools.mjs.
const { spawnSync } = require('node:child_process');

const works = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** Returns a Python that can `import redis`: the first one on the PATH may not be the system's. */
exports.pythonWithRedis = () => {
  const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean);
  return candidates.find((python) => works(python, '-c', 'import redis')) ?? null;
};

/** Returns the missing programs of the bash examples. */
exports.missingForBash = () =>
  ['bash', 'redis-cli', 'jq', 'curl'].filter((program) => !works(program, '--version'));
