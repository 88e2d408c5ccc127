import { aNewRun, LATER } from '../../../test/support/a-run';
import { waitingFor } from '../../runs/waiting';
import { errorWords, pageWords, waitingInShort, waitingWords } from './page-words';

const FACTS = { unpublished: false, stepWorkers: { slots: 2, busy: 0 }, consumers: [] };
const run = aNewRun();
const waiting = waitingFor(run, FACTS, LATER);

it('formats an instant as pages do', () => {
  const instant = '2026-03-01T10:00:00.000Z';
  const words = pageWords([{ text: 'No worker since ' }, { text: instant, instant }, { text: '.' }]);
  expect(words.map(({ text, at }) => at?.exact ?? text)).toEqual([
    'No worker since ',
    '2026-03-01 10:00:00.000 UTC',
    '.',
  ]);
});

it('keeps a time in a reported message unchanged', () => {
  const message = 'Nothing since 2026-03-01T10:00:00.000Z. Sorry.';
  expect(errorWords({ ...run, error: { code: 'X', message } }, 100)).toEqual([{ text: message }]);
  expect(errorWords({ ...run, error: { code: 'X', message } }, 7)![0]!.text).toMatch(/^Nothing …/);
  expect(errorWords(run, 100)).toBeNull();
});

it('returns one sentence for a table row, and the full text for the run page', () => {
  const text = (words: { text: string }[] | null) => words?.map((part) => part.text).join('');
  expect(text(waitingInShort(run, waiting, LATER))).toMatch(
    /^No worker has claimed .* although a slot is free\.$/,
  );
  expect(text(waitingWords(run, waiting, LATER))).toMatch(/although a slot is free\. If this lasts/);
  expect(waitingInShort(run, null, LATER)).toBeNull();
});
