import { SerialByKey } from './serial-by-key';

describe('SerialByKey', () => {
  it('runs work of the same key in order, even after a failure', async () => {
    const turns = new SerialByKey();
    const done: string[] = [];
    let open: () => void = () => undefined;
    const first = turns.take('a', async () => {
      await new Promise<void>((resolve) => (open = resolve));
      done.push('first');
      throw new Error('failed');
    });
    const second = turns.take('a', async () => void done.push('second'));
    await turns.take('b', async () => void done.push('other key'));
    open();
    await expect(first).rejects.toThrow('failed');
    await second;
    expect(done).toEqual(['other key', 'first', 'second']);
  });
});
