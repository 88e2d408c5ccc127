import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { loadConfig } from './config/config';
import { configWarnings } from './config/config-warnings';
import { namingEnvFile, readEnvironment } from './config/environment';
import { assertCertificate } from './lifecycle/certificate';
import { makeConfigFolder } from './lifecycle/config-folder';
import { DataFolderInUse, DataFolderLock } from './lifecycle/data-folder-lock';
import { notifyParent } from './lifecycle/server-notice';
import { listenError, startUpMessage } from './lifecycle/start-up-error';
import { stopOnSignal } from './lifecycle/stop-on-signal';
import { assertNoUnfinishedRestore } from './lifecycle/unfinished-restore';
import { logOutput } from './logging/logging';

/** A longer shutdown is aborted; the next start recovers from that. */
const STOP_WITHIN_MS = 24_000;
/** By then all steps have ended. Clients that still read a response lose the rest. */
const CLOSE_CONNECTIONS_AFTER_MS = 18_000;
const CLOSE_IDLE_EVERY_MS = 250;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const config = namingEnvFile(environment, () => loadConfig(environment.variables));
  if (config.tls) assertCertificate(config.tls);
  makeConfigFolder(config.configDir);
  const lock = DataFolderLock.take(config.dataDir);
  assertNoUnfinishedRestore(config.dataDir);
  // Imported here, so that configuration errors are reported before the slowest part of start-up.
  const { createApp } = await import('./app.js');
  const app = await createApp(config);
  stopOnSignal(app, {
    lock,
    withinMs: STOP_WITHIN_MS,
    onStop: () => closeConnections(app),
    log: logOutput,
  });
  const warnings = [...configWarnings(config, environment), ...lock.warnings];
  for (const warning of warnings) new Logger('Jobato').warn(warning);
  await app.listen(config.port, config.host).catch((error: unknown) => {
    throw listenError(error, config);
  });
  const url = await app.getUrl();
  new Logger('Jobato').log(`Listening at ${url}`);
  notifyParent({ listening: url });
}

/** Closes connections, so that slow or idle clients do not delay the shutdown. */
function closeConnections(app: NestExpressApplication): void {
  const server = app.getHttpServer();
  // Otherwise a kept-alive connection would delay it until the keep-alive timeout.
  setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS).unref();
  setTimeout(() => server.closeAllConnections(), CLOSE_CONNECTIONS_AFTER_MS).unref();
}

process.stderr.on('error', () => undefined); // a closed terminal must not end the server
main().catch((error: unknown) => {
  process.stderr.write(`${startUpMessage(error)}\n`);
  notifyParent({ failed: error instanceof DataFolderInUse ? 'data-folder-in-use' : 'other' }, () =>
    process.exit(1),
  );
});
