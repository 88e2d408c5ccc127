import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EventStream } from '../src/events/event-stream';
import { type RunEvent, toStreamFields } from '../src/events/run-event';
import { makeFolders, RunningApp } from './support/jobato';
import { anEvent, externalProject } from './support/worker-api';

const writerFor = (dataDir: string) => (path: string, content: string | Buffer, mode?: number) => {
  mkdirSync(dirname(join(dataDir, path)), { recursive: true });
  writeFileSync(join(dataDir, path), content, { mode });
};

describe('a shutdown while a large result is copied', () => {
  afterEach(() => jest.restoreAllMocks());

  it('aborts the copy, and the next start completes the run', async () => {
    const folders = makeFolders({ large: externalProject('large') });
    const handle = await open(__filename);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const read: (...given: unknown[]) => unknown = Reflect.get(prototype, 'read');
    jest.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
      if (given[2] === 1024 * 1024) await delay(500);
      return read.apply(this, given) as never;
    });
    try {
      const first = await RunningApp.start(folders);
      writerFor(folders.dataDir)('work/large.bin', 'x');
      truncateSync(join(folders.dataDir, 'work/large.bin'), 50 * 1024 * 1024);
      const { runId } = await first.trigger('large');
      const payload = { resultsDb: 'work/large.bin' };
      const event = { ...anEvent(runId, 'run.completed', payload), payload } as unknown as RunEvent;
      await first.app.get(EventStream).publish([toStreamFields(event)]);
      const results = join(folders.dataDir, 'results/large');
      while (names(results).length === 0) await delay(20);
      const startMs = performance.now();
      await first.stop();
      expect(performance.now() - startMs).toBeLessThan(15_000);
      expect(names(results)).toEqual([]);

      jest.restoreAllMocks();
      const second = await RunningApp.start(folders);
      try {
        expect(await second.untilEnded(runId)).toMatchObject({
          status: 'completed',
          result: { state: 'accepted', size: 50 * 1024 * 1024 },
        });
      } finally {
        await second.stop();
      }
    } finally {
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
