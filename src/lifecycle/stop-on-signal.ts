import { type INestApplicationContext, Logger } from '@nestjs/common';
import type { DataFolderLock } from './data-folder-lock';
import { Lifecycle } from './lifecycle';

/** SIGHUP comes when a terminal is closed, SIGQUIT from Ctrl-\ in one. By default each ends Node at once. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
/** Lines of the log that a slow reader has not taken by then are lost. */
const FLUSH_WITHIN_MS = 1000;

export interface StopOptions {
  lock: DataFolderLock;
  /** A stop that takes longer is cut off. The next start heals what it left. */
  withinMs: number;
  /** Called while the application closes. */
  onStop?: () => void;
  log: { flushed(withinMs: number): Promise<void> };
}

/**
 * Closes the application in good order, once: on a signal (exit code 0), and after an error that nothing caught (exit
 * code 1), whose state is not to be trusted but whose steps must not go on alone. Steps that are left when the process
 * ends are killed by ProcessRegistry.
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
    logger.log(`${why}: stopping`);
    setTimeout(() => {
      logger.error('The stop took too long and is cut off. The next start heals what it left.');
      void exit(1);
    }, withinMs).unref();
    onStop();
    app.close().then(
      () => {
        lock.release();
        void exit(exitCode);
      },
      (error: unknown) => {
        logger.error(`The stop failed: ${String(error)}`);
        void exit(1);
      },
    );
  };
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop(signal, 0));
  // Also for rejections that nothing handles: without a handler of their own, Node raises them here.
  process.on('uncaughtException', (error: unknown) => {
    logger.fatal(`Uncaught error: ${error instanceof Error ? error.stack : String(error)}`);
    stop('Uncaught error', 1);
  });
}
