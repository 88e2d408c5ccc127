import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadWorkerConfig } from './config/config';
import { workerConfigWarnings } from './config/config-warnings';
import { namingEnvFile, readEnvironment } from './config/environment';
import { makeConfigFolder } from './lifecycle/config-folder';
import { startUpMessage } from './lifecycle/start-up-error';
import { stopOnSignal } from './lifecycle/stop-on-signal';
import { takeWorkerFolder } from './lifecycle/worker-folder';
import { logOutput, openLog, serviceLogger } from './logging/logging';

/** Added to WORKER_DRAIN_SECONDS. Remaining runs are stopped and reported within this time, or aborted. */
const STOP_WITHIN_MS = 19_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const config = namingEnvFile(environment, () => loadWorkerConfig(environment.variables));
  makeConfigFolder(config.configDir);
  const { folder, lock, warnings } = takeWorkerFolder(config.dataDir);
  // Imported here, so that configuration errors are reported before the slowest part of start-up.
  const { WorkerModule } = await import('./worker.module.js');
  const app = await NestFactory.createApplicationContext(WorkerModule.with({ ...config, dataDir: folder }), {
    logger: serviceLogger(openLog(config.logLevel)),
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

process.stderr.on('error', () => undefined); // a closed terminal must not end the worker
main().catch((error: unknown) => {
  process.stderr.write(`${startUpMessage(error)}\n`);
  process.exit(1);
});
