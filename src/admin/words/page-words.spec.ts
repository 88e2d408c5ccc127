import { after, aNewRun, LATER } from '../../../test/support/a-run';
import { type Waiting, waitingFor } from '../../runs/waiting';
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

describe('the JSON of a reason for waiting, by which pages are compared', () => {
  const external = aNewRun({ executor: 'external' });
  const heard = (...seconds: number[]) => {
    const consumers = seconds.map((ago) => ({ group: 'ml', name: 'trainer', idleMs: ago * 1000 }));
    return waitingFor(external, { ...FACTS, stepWorkers: { slots: 0, busy: 0 }, consumers }, LATER);
  };
  const version = (reason: Waiting | null, now = LATER, of = external) =>
    JSON.stringify({
      words: waitingWords(of, reason, now),
      inShort: waitingInShort(of, reason, now),
    });

  it('changes when the reason changes, not as time passes', () => {
    expect(version(heard(3))).toBe(version(heard(12)));
    expect(version(heard(3))).not.toBe(version(heard(3, 4)));
    expect(version(heard())).not.toBe(version(heard(3)));
    expect(heard()).toMatchObject({ code: 'handed-out' });
    expect(version(null)).not.toBe(version(heard()));
    expect(JSON.stringify(waitingWords(external, heard(12), LATER))).not.toContain('12 s ago');
    expect(
      waitingWords(external, heard(12), LATER)!
        .map(({ text }) => text)
        .join(''),
    ).toContain('12 s ago');
  });

  it('changes with the deadline of a stop, not with the time left', () => {
    const stopping = after(external, [
      { type: 'claim', workerId: 'w', leaseSeconds: 60 },
      { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' },
    ]);
    const at = (now: string, run = stopping) => version({ code: 'stopping' }, now, run);
    expect(at('2026-03-01T10:05:01.000Z')).toBe(at('2026-03-01T10:05:09.000Z'));
    expect(at('2026-03-01T11:00:00.000Z')).toBe(at('2026-03-01T12:00:00.000Z'));
    const later = { ...stopping, stopBy: '2026-03-01T10:07:00.000Z' };
    expect(at('2026-03-01T10:05:01.000Z', later)).not.toBe(at('2026-03-01T10:05:01.000Z'));
  });
});
