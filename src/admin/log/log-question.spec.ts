import { levelOf } from '../../logs/log-level';
import { isFiltered, isOfEnd, lineTest, logQuestion } from './log-question';

it('parses valid query parameters and ignores invalid ones', () => {
  expect(logQuestion({ to: '12', level: 'errors', q: ' text ' })).toEqual({
    to: 12,
    from: null,
    after: null,
    level: 'errors',
    q: 'text',
    only: null,
    mark: '',
    lines: null,
  });
  expect(logQuestion({ after: '0' }).after).toBe(0);
  const nonsense = logQuestion({ to: '-1', from: '1e9', after: 'x', level: 'loud', q: ['a', 'b'], mark: {} });
  expect(nonsense).toEqual({
    to: null,
    from: null,
    after: null,
    level: 'all',
    q: '',
    only: null,
    mark: '',
    lines: null,
  });
  expect([isFiltered(nonsense), isOfEnd(nonsense)]).toEqual([false, true]);
  expect(logQuestion({ q: 'x'.repeat(9999) }).q).toHaveLength(200);
});

it('begins some lines before linked lines, unless a part of the log is named', () => {
  expect(logQuestion({ lines: '100-120' })).toMatchObject({ from: 80, lines: { first: 100, last: 120 } });
  expect(logQuestion({ lines: '4' }).from).toBe(1);
  expect(logQuestion({ lines: '100', from: '7' }).from).toBe(7);
  expect(logQuestion({ lines: '100', to: '7' }).from).toBeNull();
});

it('filters lines by level and search text', () => {
  const lines = ['ERROR a', 'WARN a', 'INFO a'];
  const that = (level: 'all' | 'warnings' | 'errors', q = '') =>
    lines.filter((text) =>
      lineTest({ level, q, only: null, mark: '' })({ step: 'a', text, level: () => levelOf(text) }),
    );
  expect(that('all')).toEqual(lines);
  expect(that('warnings')).toEqual(['ERROR a', 'WARN a']);
  expect(that('errors')).toEqual(['ERROR a']);
  expect(that('errors', 'b')).toEqual([]);
  expect(that('all', 'wArN')).toEqual(['WARN a']);
});

it('filters lines by step', () => {
  const filter = logQuestion({ only: 'load' });
  expect(isFiltered(filter)).toBe(true);
  expect([
    lineTest(filter)({ step: 'load', text: 'a', level: () => null }),
    lineTest(filter)({ step: null, text: 'load', level: () => null }),
  ]).toEqual([true, false]);
});
