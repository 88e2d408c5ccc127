import { type INestApplicationContext, Logger } from '@nestjs/common';
import type { DataFolderLock } from './data-folder-lock';
import { Lifecycle } from './lifecycle';

/** SIGHUP is sent when a terminal is closed, SIGQUIT by Ctrl-\. By default, each of them ends Node at once. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
/** Milliseconds to flush the log. Lines that a slow reader has not read by then are lost. */
const FLUSH_WITHIN_MS = 1000;

export interface StopOptions {
  lock: DataFolderLock;
  /** Milliseconds before a shutdown is aborted. The next start recovers from that. */
  withinMs: number;
  /** Called when the shutdown begins. */
  onStop?: () => void;
  log: { flushed(withinMs: number): Promise<void> };
}

/**
 * Shuts the application down, once. Runs on a signal (exit code 0) and after an uncaught error (exit code 1). After an
 * uncaught error the state is unreliable, but steps must not continue without the server. ProcessRegistry kills steps
 * that are left when the process exits.
 */
export function stopOnSignal(
  app: INestApplicationContext,
  { lock, withinMs, onStop = () => undefined, log }: StopOptions,
): void {
  const logger = new Logger('Jobato');
  const exit = async (code: number) => {
    await log.flushed(FLUSH_WITHIN_MS);
    process.exit(code);
  };
  const stop = (why: string, exitCode: number) => {
    const lifecycle = app.get(Lifecycle);
    if (lifecycle.isStopping) return;
    lifecycle.beginStopping();
    logger.log(`${why}: stopping the process`);
    setTimeout(() => {
      logger.error('The shutdown took too long and is aborted. The next start recovers the remaining state.');
      void exit(1);
    }, withinMs).unref();
    onStop();
    app.close().then(
      () => {
        lock.release();
        void exit(exitCode);
      },
      (error: unknown) => {
        logger.error(`The shutdown failed: ${String(error)}`);
        void exit(1);
      },
    );
  };
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop(signal, 0));
  // Also receives unhandled rejections, because there is no handler for those.
  process.on('uncaughtException', (error: unknown) => {
    logger.fatal(`Uncaught error: ${error instanceof Error ? error.stack : String(error)}`);
    stop('Uncaught error', 1);
  });
}
