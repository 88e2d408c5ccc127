import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadWorkerConfig } from './config/config';
import { workerConfigWarnings } from './config/config-warnings';
import { namingEnvFile, readEnvironment } from './config/environment';
import { makeConfigFolder } from './lifecycle/config-folder';
import { startUpMessage } from './lifecycle/start-up-error';
import { stopOnSignal } from './lifecycle/stop-on-signal';
import { takeWorkerFolder } from './lifecycle/worker-folder';
import { JsonLogger, logOutput, openLog } from './logging/logging';

/** On top of WORKER_DRAIN_SECONDS: what still runs is ended and told of within this, or cut off. */
const STOP_WITHIN_MS = 19_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const config = namingEnvFile(environment, () => loadWorkerConfig(environment.variables));
  makeConfigFolder(config.configDir);
  const { folder, lock, warnings } = takeWorkerFolder(config.dataDir);
  // Loaded now: a refusal does not wait for what takes most of a start.
  const { WorkerModule } = await import('./worker.module.js');
  const app = await NestFactory.createApplicationContext(WorkerModule.with({ ...config, dataDir: folder }), {
    logger: new JsonLogger(openLog(config.logLevel)),
    abortOnError: false,
  });
  stopOnSignal(app, {
    lock,
    withinMs: config.workerDrainSeconds * 1000 + STOP_WITHIN_MS,
    log: logOutput,
  });
  for (const warning of [...workerConfigWarnings(config, environment), ...warnings])
    new Logger('Jobato').warn(warning);
}

process.stderr.on('error', () => undefined); // a terminal that is gone must not end the worker
main().catch((error: unknown) => {
  process.stderr.write(`${startUpMessage(error)}\n`);
  process.exit(1);
});
