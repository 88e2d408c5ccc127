import { fits, scoresOf, wordsOfPosting } from './score-rules';
import { wordsOf } from './words';

const QUERY = { id: 'data-engineer', text: 'Data Engineer' };
const score = (title: string, text: string, query = QUERY) =>
  scoresOf(wordsOfPosting({ title, text }), [query])[0]!;

describe('scoresOf', () => {
  it.each([
    ['Senior Data Engineer', '', 100], // 10 + 10 + 10 of 30
    ['Engineer, Data Platform', 'You are a data engineer.', 83], // 10 + 10 + 5 of 30
    ['Engineer, Data Platform', '', 67], // 10 + 10 of 30
    ['Analytics Engineers', 'You work with data.', 43], // 10 + 3 of 30
    ['Office manager', 'You order chairs for engineers who look at data.', 20], // 3 + 3 of 30
    ['Cook', '', 0],
  ])('gives %j with %j %d', (title, text, expected) => expect(score(title, text).score).toBe(expected));

  it('explains each point', () =>
    expect(score('Analytics Engineer', 'Data, and a data engineer')).toEqual({
      queryId: 'data-engineer',
      query: 'Data Engineer',
      score: 60,
      points: 18,
      mostPoints: 30,
      reasons: [
        { kind: 'word', word: 'data', where: 'text', points: 3 },
        { kind: 'word', word: 'engineer', where: 'title', points: 10 },
        { kind: 'phrase', word: 'data engineer', where: 'text', points: 5 },
      ],
    }));

  it('has no phrase in a query of one word, and counts a repeated word once', () => {
    expect(score('Rust', '', { id: 'r', text: 'rust' })).toMatchObject({ score: 100, mostPoints: 10 });
    expect(score('Rust', '', { id: 'r', text: 'rust rust' })).toMatchObject({ points: 10, mostPoints: 20 });
  });

  it('lists the best query first, and equal ones by id', () => {
    const queries = [
      { id: 'c', text: 'cook' },
      { id: 'b', text: 'engineer' },
      { id: 'a', text: 'data' },
    ];
    const order = scoresOf(wordsOfPosting({ title: 'Data Engineer', text: '' }), queries);
    expect(order.map(({ queryId }) => queryId)).toEqual(['a', 'b', 'c']);
  });
});

it.each([
  ['Data Engineer', '', true],
  ['Engineer', 'with data', true],
  ['Engineer', 'with dates', false],
])('finds that %j with %j fits: %s', (title, text, expected) =>
  expect(fits(wordsOfPosting({ title, text }), wordsOf('data engineers'))).toBe(expected),
);

it('lets nothing fit an empty query', () =>
  expect(fits(wordsOfPosting({ title: 'x', text: '' }), [])).toBe(false));
