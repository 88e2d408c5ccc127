import { Worker } from 'node:worker_threads';

/** Source text of the thread, because tests run the TypeScript sources and the server runs the built files. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const Sqlite = require(workerData.sqlite);
  const database = new Sqlite(workerData.file, { timeout: 0, fileMustExist: true });
  parentPort.on('message', (request) => {
    if (request === 'end') {
      database.close();
      parentPort.close();
      return;
    }
    try {
      database.pragma('wal_checkpoint(PASSIVE)');
    } catch {
      // Another checkpoint is under way, or the disk has an error that the next write reports.
    }
    parentPort.postMessage('done');
  });
`;

/** A thread with its own connection, which copies the write-ahead log into the database while the writer goes on. */
export class CheckpointThread {
  private readonly worker: Worker;
  private readonly ended: Promise<void>;

  constructor(file: string, onDone: () => void, onFailed: (error: unknown) => void) {
    this.worker = new Worker(THREAD, {
      eval: true,
      workerData: { file, sqlite: require.resolve('better-sqlite3') },
    });
    this.worker.unref();
    this.worker.on('message', onDone).on('error', onFailed);
    this.ended = new Promise((ended) => this.worker.once('exit', () => ended()));
  }

  checkpoint(): void {
    this.worker.postMessage('checkpoint');
  }

  /** Resolves when its connection is closed, also if the thread has failed. */
  async end(): Promise<void> {
    this.worker.ref();
    this.worker.postMessage('end');
    await this.ended;
  }
}
