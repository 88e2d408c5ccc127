import { schemaRows } from './schema-rows';

describe('schemaRows', () => {
  it('returns path, type, limits and description of each member, nested members after their parent', () => {
    const rows = schemaRows({
      type: 'object',
      required: ['count'],
      properties: {
        count: { type: 'integer', minimum: 0, maximum: 9, description: 'How many.' },
        kind: { enum: ['a', 'b'] },
        word: { enum: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
        version: { const: '1' },
        code: { type: ['integer', 'null'] },
        lease: { type: 'number', exclusiveMinimum: 0 },
        names: { type: 'array', items: { type: 'string' } },
        lines: { type: 'array', items: { type: 'object', properties: { text: {} }, required: ['text'] } },
        quota: { type: 'object', properties: { left: { type: 'integer' } } },
      },
    });
    expect(
      rows.map(({ path, type, isRequired, description }) => [path, type, isRequired, description]),
    ).toEqual([
      ['count', 'integer ≥ 0 ≤ 9', true, 'How many.'],
      ['kind', '"a" or "b"', false, ''],
      ['word', 'one of 7 values', false, ''],
      ['version', '"1"', false, ''],
      ['code', 'integer or null', false, ''],
      ['lease', 'number > 0', false, ''],
      ['names', 'array of string', false, ''],
      ['lines', 'array of object', false, ''],
      ['lines[].text', 'any', true, ''],
      ['quota', 'object', false, ''],
      ['quota.left', 'integer', false, ''],
    ]);
  });
});
