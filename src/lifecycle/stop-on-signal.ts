import { type INestApplicationContext, Logger } from '@nestjs/common';
import type { DataFolderLock } from './data-folder-lock';
import { Lifecycle } from './lifecycle';

/**
 * SIGTERM and SIGINT end the process in good order, once: code 0 when all is closed, 1 where that fails or takes
 * longer than `withinMs`. What is cut off then is healed at the next start.
 * @param onStop what has to be seen to while the application closes
 */
export function stopOnSignal(
  app: INestApplicationContext,
  lock: DataFolderLock,
  withinMs: number,
  onStop: () => void = () => undefined,
): void {
  const logger = new Logger('Jobato');
  const stop = (signal: NodeJS.Signals) => {
    const lifecycle = app.get(Lifecycle);
    if (lifecycle.isStopping) return;
    lifecycle.beginStopping();
    logger.log(`${signal}: stopping`);
    setTimeout(() => {
      logger.error('The stop took too long and is cut off. The next start sees to what it left.');
      process.exit(1);
    }, withinMs).unref();
    onStop();
    app.close().then(
      () => {
        lock.release();
        process.exit(0);
      },
      (error: unknown) => {
        logger.error(`The stop failed: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
