import { Turns } from './turns';

describe('turns', () => {
  it('runs work of one key in order, also after work that failed', async () => {
    const turns = new Turns();
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
