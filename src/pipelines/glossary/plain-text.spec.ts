import { parsePlainText } from './plain-text';

describe('parsePlainText', () => {
  it('finds headings, paragraphs and items with their lines', () => {
    const source =
      'LEASES AND CLAIMS\n\nA lease is a claim\nthat ends.\n\nOther things\n------------\n\n* Claim: what a worker holds\n';
    const { blocks } = parsePlainText('a.txt', source);
    expect(blocks.map(({ kind, text, line, under }) => [kind, text, line, under])).toEqual([
      ['heading', 'LEASES AND CLAIMS', 1, null],
      ['paragraph', 'A lease is a claim that ends.', 3, 0],
      ['heading', 'Other things', 6, 0],
      ['item', 'Claim: what a worker holds', 9, 2],
    ]);
    expect(blocks[3]?.label?.names).toEqual(['Claim']);
  });

  it('drops text that is mostly symbols', () => {
    expect(parsePlainText('a.txt', '+----+----+\n| -> | {} |\n+----+----+').blocks).toEqual([]);
  });
});
