import fs from 'node:fs/promises';
import { loadConfig } from '../config/config';
import { MEGABYTE } from '../config/size-text';
import { JobatoError } from '../http/problem-catalogue';
import { DiskSpace } from './disk-space';

it('writes the free space in the units of all other sizes', async () => {
  const disk = new DiskSpace(loadConfig({ DATA_DIR: 'data' }, '/nowhere'));
  const statfs = jest.spyOn(fs, 'statfs').mockResolvedValue({ bavail: 82_600, bsize: MEGABYTE } as never);
  await disk.onModuleInit();
  disk.onModuleDestroy();
  statfs.mockRestore();
  expect(disk.room()).toBe('83 GB free');
});

describe('DiskSpace reservation', () => {
  const disk = new DiskSpace(loadConfig({ DATA_DIR: 'data', MIN_FREE_DISK_MB: '100' }, '/nowhere'));
  const freeMegabytes = (free: number) =>
    jest.spyOn(fs, 'statfs').mockResolvedValue({ bavail: free, bsize: MEGABYTE } as never);
  afterEach(() => jest.restoreAllMocks());

  it('never reserves the same space twice, and keeps the minimum free', async () => {
    freeMegabytes(200);
    const [one, two, three] = [disk.reservation(), disk.reservation(), disk.reservation()];
    await one.need(45 * MEGABYTE);
    await two.need(45 * MEGABYTE);
    const refused = three.need(45 * MEGABYTE);
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    await expect(refused).rejects.toThrow(
      /needs 45 MB more.* 200 MB of free space: 90 MB .* 100 MB must stay free/,
    );
    await expect(refused).rejects.toBeInstanceOf(JobatoError);
    three.release();
    // Written bytes no longer need a reservation.
    freeMegabytes(165);
    await one.need(10 * MEGABYTE);
    await three.need(10 * MEGABYTE);
    for (const room of [one, two, three]) room.release();
    await three.need(65 * MEGABYTE);
    three.release();
  });

  it('checks the free space again while a file arrives', async () => {
    freeMegabytes(200);
    const room = disk.reservation();
    await room.need(50 * MEGABYTE);
    freeMegabytes(120); // another program wrote files
    await expect(room.need(40 * MEGABYTE)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    room.release();
  });
});
