import { setTimeout as delay } from 'node:timers/promises';
import { CheckpointThread } from './checkpoint-thread';

const MISSING = '/nowhere/jobato.db';

it('ends without an error although its connection could not be opened', async () => {
  const failures: unknown[] = [];
  const thread = new CheckpointThread(
    MISSING,
    () => undefined,
    () => failures.push('failed'),
  );
  await thread.end();
  expect(failures).toEqual(['failed']);
});

it('ends again after it has failed', async () => {
  const thread = await new Promise<CheckpointThread>((failed) => {
    const failing = new CheckpointThread(
      MISSING,
      () => undefined,
      () => failed(failing),
    );
  });
  await delay(50);
  await thread.end();
});
