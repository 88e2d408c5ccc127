// The real server with steps that end as soon as they begin, to measure everything except child processes.
require('reflect-metadata');
const { createApp } = require('../dist/app.js');
const { loadConfig } = require('../dist/config/config.js');
const { StepRunner } = require('../dist/executor/step-runner.js');

StepRunner.prototype.run = () => Promise.resolve({ kind: 'exited', exitCode: 0, signal: null });

async function main() {
  const config = loadConfig(process.env);
  const app = await createApp(config);
  process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
  await app.listen(config.port, config.host);
}

void main();
