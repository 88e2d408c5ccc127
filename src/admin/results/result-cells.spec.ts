import type { TableLayout } from '../../results/table/table-layout';
import { cellView, columnLabel, otherColumns, rowView } from './result-cells';

const layout: TableLayout = {
  table: 'jobs',
  columns: ['title', 'note', 'url'].map((name) => ({ name, type: '' })),
  title: 'title',
  link: 'url',
  newBy: null,
  sort: null,
  rowId: 'rowid',
};
const title = (...cells: Parameters<typeof rowView>[0]) => rowView(cells, layout, [1]).title;

describe('a row of the page', () => {
  it('shows the link by the title, unless the project names its column', () => {
    expect(otherColumns(layout, null)).toEqual([1]);
    expect(otherColumns(layout, ['note'])).toEqual([1]);
    expect(otherColumns(layout, ['note', 'url'])).toEqual([1, 2]);
    expect(otherColumns({ ...layout, title: null }, null)).toEqual([0, 1, 2]);
  });

  it('has a title that leads to a web address', () => {
    expect(title('Baker', null, 'https://example.com/1')).toMatchObject({
      text: 'Baker',
      link: { href: 'https://example.com/1', host: 'example.com' },
    });
    expect(title('Baker', null, 'javascript:alert(1)')).toMatchObject({ text: 'Baker', link: null });
    expect(title('Baker', null, { kind: 'blob', bytes: 1 })).toMatchObject({ link: null });
  });

  it('has a visible title in any case', () => {
    expect(title('', null, 'https://example.com/1')).toMatchObject({ text: 'https://example.com/1' });
    expect(title('\u200B ', null, null)).toMatchObject({ text: '(no title)', link: null });
    expect(title(null, null, null)).toMatchObject({ text: '(no title)', isBlank: false });
  });

  it('links the column of addresses where it is shown', () => {
    const [cell] = rowView(['Baker', null, 'https://example.com/1'], layout, [2]).cells;
    expect(cell).toMatchObject({ text: 'https://example.com/1', link: { host: 'example.com' } });
  });
});

describe('a cell of the page', () => {
  it('describes what it does not show', () => {
    expect(cellView('a', null)).toMatchObject({ text: '–', isBlank: true });
    expect(cellView('a', 5)).toMatchObject({ text: '5', isNumber: true });
    expect(cellView('a', { kind: 'blob', bytes: 12_345 })).toMatchObject({
      text: 'blob, 12 kB',
      whole: null,
    });
  });

  it('cuts long text, and has the whole of it', () => {
    const long = `${'x'.repeat(199)}😀${'y'.repeat(100)}`;
    expect(cellView('a', long)).toMatchObject({ text: `${'x'.repeat(199)}…`, whole: long, cutSize: null });
    expect(cellView('a', { kind: 'cut', text: long, bytes: 2_000_000 })).toMatchObject({
      whole: long,
      cutSize: '2 MB',
    });
    expect(cellView('a', 'x'.repeat(200)).whole).toBeNull();
  });

  it('has a short name of its column', () => {
    expect(columnLabel('x'.repeat(10_000))).toBe(`${'x'.repeat(60)}…`);
    expect(columnLabel(' ')).toBe('(no name)');
  });
});
