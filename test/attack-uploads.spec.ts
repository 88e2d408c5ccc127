import { existsSync, readdirSync, rmSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { MEGABYTE } from '../src/config/size-text';
import { makeFolders, RunningApp } from './support/jobato';
import { canMount, SmallDisk } from './support/small-disk';
import { externalProject, HttpWorker, KEY } from './support/worker-api';
import { until } from './support/until';

interface Answer {
  status: number;
  retryAfter: string | undefined;
  errorCode: string;
}

/** A worker with a lease that announces more than the disk can hold, and keeps its uploads open. */
describe('attacker that uploads to its own run', () => {
  let jobato: RunningApp;
  let worker: HttpWorker;
  let runId: string;
  let heartbeats: NodeJS.Timeout;
  const open = new Set<ClientRequest>();

  const begin = async (from: Parameters<typeof RunningApp.start>[0], more: Record<string, string> = {}) => {
    jobato = await RunningApp.start(from, { JOBATO_API_KEY: KEY, ...more });
    ({ runId } = await jobato.trigger('held'));
    worker = new HttpWorker(jobato);
    await worker.claimed();
    await worker.heartbeat(runId);
    // On a slow machine, a test takes longer than a lease.
    heartbeats = setInterval(() => void worker.heartbeat(runId).catch(() => undefined), 5_000);
  };
  afterEach(async () => {
    clearInterval(heartbeats);
    for (const upload of open) upload.destroy();
    open.clear();
    await jobato.stop();
  });

  const onTheirWay = () => {
    const folder = join(jobato.folders.dataDir, 'uploads');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  /** Announces a file, and sends its first bytes but never the rest. */
  const startUpload = (name: string, bytes: number, first = Buffer.alloc(1)): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const upload = request(`${jobato.url}/api/internal/runs/${runId}/artifacts/${name}`, {
        method: 'PUT',
        headers: { 'x-jobato-api-key': KEY, 'content-length': bytes, ...worker.leaseHeader(runId) },
      });
      open.add(upload);
      upload.on('error', reject).on('response', (response) => {
        json(response).then((body) => {
          const { errorCode } = body as Answer;
          resolve({ status: response.statusCode!, retryAfter: response.headers['retry-after'], errorCode });
        }, reject);
      });
      upload.write(first);
    });

  it('is limited to four simultaneous uploads per run', async () => {
    await begin({ held: externalProject('held') });
    const settled = Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => startUpload(name, 100)));
    await until(() => onTheirWay().length === 4);
    const fifth = { status: 503, errorCode: 'SERVER_BUSY', retryAfter: '1' };
    expect(await startUpload('e', 100)).toEqual(fifth);
    expect(onTheirWay()).toHaveLength(4);
    for (const upload of open) upload.destroy();
    await until(() => onTheirWay().length === 0);
    await settled;
    // The files disappear slightly before their uploads end.
    let { status } = await worker.upload(runId, 'f', 'whole');
    while (status === 503) ({ status } = await worker.upload(runId, 'f', 'whole'));
    expect(status).toBe(201);
  });

  it('loses its open uploads when it loses the run', async () => {
    await begin({ held: externalProject('held', 'retry: { maxAttempts: 2 }\n') });
    const uploads = ['a', 'b'].map((name) => startUpload(name, MEGABYTE));
    await until(() => onTheirWay().length === 2);
    await worker.release(runId).expect(200);
    for (const upload of uploads)
      expect(await upload).toMatchObject({ status: 409, errorCode: 'LEASE_LOST' });
    expect(onTheirWay()).toEqual([]);
  });

  it('loses its open uploads when the run ends', async () => {
    await begin({ held: externalProject('held') });
    const uploads = ['a', 'b'].map((name) => startUpload(name, MEGABYTE));
    await until(() => onTheirWay().length === 2);
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    await worker.heartbeat(runId).expect(200);
    expect(onTheirWay()).toHaveLength(2); // a requested stop does not end uploads yet
    await worker.release(runId).expect(200);
    for (const upload of uploads) {
      expect(await upload).toMatchObject({ status: 409, errorCode: 'RUN_ALREADY_ENDED' });
    }
    expect(onTheirWay()).toEqual([]);
  });

  (canMount ? it : it.skip)('cannot reserve more disk space than is free above the minimum', async () => {
    const folders = makeFolders({ held: externalProject('held') });
    const disk = SmallDisk.mount(folders.dataDir, 96);
    try {
      await begin(folders, { MIN_FREE_DISK_MB: '40' });
      const first = startUpload('a', 30 * MEGABYTE);
      await until(() => onTheirWay().length === 1);
      // 30 MB of the 56 MB above the floor are reserved, although not a byte is written yet.
      expect(await startUpload('b', 30 * MEGABYTE)).toMatchObject({ status: 507, errorCode: 'STORAGE_FULL' });
      // Without an announced size, the server checks the space while the file arrives.
      const chunk = Buffer.alloc(MEGABYTE);
      let left = 50;
      const unannounced = new ReadableStream<Uint8Array>({
        pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
      });
      const refused = await worker.stream(runId, 'c', unannounced);
      expect(refused.status).toBe(507);
      await until(() => onTheirWay().length === 1);
      for (const upload of open) upload.destroy();
      await first.catch(() => undefined);
      await until(() => onTheirWay().length === 0);
      await worker.upload(runId, 'd', Buffer.alloc(30 * MEGABYTE)).expect(201);
    } finally {
      await jobato.app.close();
      disk.unmount();
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});
