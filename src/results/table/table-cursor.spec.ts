import { cursorText, MAX_CURSOR_LENGTH, readCursor } from './table-cursor';

const scope = { runId: '019ca9d6-8580-7000-8000-000000000001', question: ['all', null, '-salary'] };

describe('a cursor', () => {
  it.each([
    { rowId: 7n },
    { rowId: -9_223_372_036_854_775_808n },
    { rowId: 9_223_372_036_854_775_807n },
    { offset: 50 },
  ])('is read as it was written: %j', (position) => {
    const text = cursorText(scope, position);
    expect(text.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
    expect(readCursor(text, scope)).toEqual({ is: 'valid', position });
  });

  const text = cursorText(scope, { rowId: 7n });
  it('of another result is recognised', () => {
    const runId = '019ca9d6-8580-7000-8000-000000000002';
    expect(readCursor(text, { ...scope, runId })).toEqual({ is: 'of-another-result' });
  });

  it.each([[['today', null, '-salary']], [['all', 'x', '-salary']], [['all', null, null]]])(
    'does not continue another question: %j',
    (question) => expect(readCursor(text, { ...scope, question })).toEqual({ is: 'invalid' }),
  );

  it.each([
    '',
    'x',
    `${text}0x`,
    text.replace(/r7$/, 'o-1'),
    text.replace(/r7$/, 'r7 OR 1'),
    text.slice(0, -2),
  ])('that is changed is refused: %s', (changed) =>
    expect(readCursor(changed, scope)).toEqual({ is: 'invalid' }),
  );
});
