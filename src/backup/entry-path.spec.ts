import { EntryOrder, isTooLong, staysInside } from './entry-path';

describe('staysInside', () => {
  it.each([
    ['a file beside it', 'runs/1/link', 'file'],
    ['a file below it', 'runs/1/link', 'a/b/c'],
    ['a file in the folder above', 'runs/1/a/link', '../file'],
    ['the folder of the run', 'runs/1/a/b/link', '../..'],
    ['a path with "." and empty names', 'runs/1/link', './/file'],
    ['a name that begins with dots', 'runs/1/link', '..file'],
  ])('accepts %s', (_, path, target) => expect(staysInside(path, target)).toBe(true));

  it.each([
    ['an absolute path', 'runs/1/link', '/etc/passwd'],
    ['another run', 'runs/1/link', '../2/file'],
    ['a path out of the data folder', 'runs/1/a/link', '../../../../etc/passwd'],
    ['".." behind a name, which may be a link', 'runs/1/a/link', 'b/../../..'],
    ['a link in place of a run', 'runs/1', '2'],
    ['a link in place of a part', 'runs', 'work'],
    ['an empty target', 'runs/1/link', ''],
  ])('refuses %s', (_, path, target) => expect(staysInside(path, target)).toBe(false));
});

describe('EntryOrder', () => {
  const flaws = (...paths: string[]) => {
    const order = new EntryOrder();
    return paths.map((path) => order.flawOf(path.replace(/\/$/, ''), path.endsWith('/')));
  };

  it('accepts folders and files in depth-first order', () =>
    expect(
      flaws(
        'runs/',
        'runs/1/',
        'runs/1/a',
        'runs/1/b/',
        'runs/1/b/c',
        'runs/1/d',
        'runs/2/',
        'work/',
        'work/x/',
      ),
    ).toEqual(Array(9).fill(null)));

  it.each([
    ['a parent folder', '../file'],
    ['a parent folder in the path', 'runs/../../file'],
    ['an absolute path', '/etc/passwd'],
    ['"."', './runs/'],
    ['an empty name', 'runs//a'],
    ['NUL', 'runs/a\0b'],
    ['a long name', `runs/${'x'.repeat(256)}`],
    ['another folder', 'db/jobato.db-wal'],
    ['a file in place of a part', 'runs'],
    ['a file of the data folder', 'secret-key'],
  ])('refuses %s', (_, path) => expect(flaws('runs/', path)[1]).not.toBeNull());

  it.each([
    ['a folder that is not in the archive', ['runs/', 'runs/1/a']],
    ['a file as a folder', ['runs/', 'runs/1/', 'runs/1/a', 'runs/1/a/b']],
    ['a folder that was left', ['runs/', 'runs/1/', 'runs/2/', 'runs/1/a']],
  ])('refuses an entry in %s', (_, paths) => expect(flaws(...paths).at(-1)).toContain('no folder'));
});

it('limits the length and the depth of paths', () => {
  expect(isTooLong('x/'.repeat(127) + 'x')).toBe(false);
  expect(isTooLong('x/'.repeat(128) + 'x')).toBe(true);
  expect(isTooLong(`${'y'.repeat(200)}/`.repeat(11))).toBe(true);
});
