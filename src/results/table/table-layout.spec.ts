import type { ResultTable } from '../../projects/project';
import { type FoundTable, layoutOf, sortNamed } from './table-layout';

const setting: ResultTable = {
  name: 'jobs',
  columns: null,
  newBy: null,
  title: null,
  link: null,
  sort: null,
};
const found = (...names: string[]): FoundTable => ({
  name: 'Jobs',
  type: 'table',
  columns: names.map((name) => ({ name, type: 'TEXT' })),
  hasRowId: true,
});
const namesOf = (change: Partial<ResultTable>, table = found('a', 'b', 'c')) =>
  layoutOf({ ...setting, ...change }, table).columns.map(({ name }) => name);
const flawOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return (error as { flaw: unknown }).flaw;
  }
  return null;
};

describe('the layout of a table', () => {
  it('has the title first, the named columns or all, and the link', () => {
    expect(namesOf({})).toEqual(['a', 'b', 'c']);
    expect(namesOf({ title: 'c' })).toEqual(['c', 'a', 'b']);
    expect(namesOf({ title: 'c', columns: ['b'], link: 'a' })).toEqual(['c', 'b', 'a']);
    expect(namesOf({ title: 'c', columns: ['a', 'c'], link: 'a', newBy: 'b' })).toEqual(['c', 'a']);
  });

  it.each<Partial<ResultTable>>([
    { columns: ['d'] },
    { newBy: 'd' },
    { title: 'd' },
    { link: 'd' },
    { sort: { column: 'd', descending: false } },
  ])('needs each column: %j', (change) =>
    expect(flawOf(() => namesOf(change))).toEqual({ code: 'no-such-column', column: 'd' }),
  );

  it('has a limited number of columns', () => {
    const wide = found(...Array.from({ length: 51 }, (_, index) => `c${index}`));
    expect(flawOf(() => namesOf({}, wide))).toEqual({ code: 'too-many-columns', count: 51, limit: 50 });
    expect(namesOf({ columns: ['c7'] }, wide)).toEqual(['c7']);
  });

  it('takes a name of the row id that no column has', () => {
    const rowId = (...names: string[]) => layoutOf(setting, found(...names)).rowId;
    expect(rowId('a')).toBe('rowid');
    expect(rowId('ROWID')).toBe('_rowid_');
    expect(rowId('rowid', '_ROWID_')).toBe('oid');
    expect(rowId('rowid', '_rowid_', 'oid')).toBeNull();
    expect(layoutOf(setting, { ...found('a'), hasRowId: false }).rowId).toBeNull();
  });
});

describe('an order', () => {
  const layout = layoutOf(setting, found('a', '-a', '-'));
  it.each([
    ['a', 'a', false],
    ['-a', '-a', false],
    ['--a', '-a', true],
    ['-', '-', false],
    ['--', '-', true],
  ])('%s names a column', (text, column, descending) =>
    expect(sortNamed(text, layout)).toEqual({ column, descending }),
  );
  it.each(['b', '', '-b', 'A', 'rowid'])('"%s" names none', (text) =>
    expect(sortNamed(text, layout)).toBeNull(),
  );
});
