import type { Redis } from 'ioredis';
import { RedisRightOfWay } from './redis-right-of-way';
import { RedisServers } from './redis-servers';

describe('RedisRightOfWay', () => {
  const members = new Set<string>();
  const redis = { zrange: async () => [...members] } as unknown as Redis;
  let nowMs: number;
  let rightOfWay: RedisRightOfWay;
  beforeEach(() => {
    members.clear();
    nowMs = 5_000;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    rightOfWay = new RedisRightOfWay(new RedisServers('events'), 'original');
  });
  afterEach(() => jest.restoreAllMocks());

  const isFree = () =>
    rightOfWay.assertFree(redis).then(
      () => rightOfWay.trouble === null,
      (error: Error) => error.message !== rightOfWay.trouble,
    );

  it('lets a copy use the stream at once if its original is not registered', async () => {
    members.add('original-2 node').add('other node');
    expect(await isFree()).toBe(true);
  });

  it('reserves the stream until the original has been away for longer than a restart takes', async () => {
    members.add('original node');
    expect(await isFree()).toBe(false);
    members.clear();
    nowMs += 59_000;
    expect(await isFree()).toBe(false);
    nowMs += 1_000;
    expect(await isFree()).toBe(true);
  });

  it('gives way within a second when the original comes back', async () => {
    expect(await isFree()).toBe(true);
    members.add('original node');
    nowMs += 1_000;
    expect(await isFree()).toBe(false);
  });
});
