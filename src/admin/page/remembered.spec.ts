import { Remembered } from './remembered';

it('computes a value again when its stamp changes or after a failure', async () => {
  const remembered = new Remembered<number>(2);
  let made = 0;
  const next = async () => ++made;
  expect(await remembered.get('a', '1', next)).toBe(1);
  expect(await remembered.get('a', '1', next)).toBe(1);
  expect(await remembered.get('a', '2', next)).toBe(2);
  await expect(remembered.get('a', '3', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await remembered.get('a', '3', next)).toBe(3);
});

it('evicts the least recently used value', async () => {
  const remembered = new Remembered<string>(2);
  const ask = (key: string, value: string) => remembered.get(key, '1', async () => value);
  await ask('a', 'first');
  await ask('b', 'first');
  await ask('a', 'again');
  await ask('c', 'first');
  expect([await ask('a', 'again'), await ask('b', 'again')]).toEqual(['first', 'again']);
});
