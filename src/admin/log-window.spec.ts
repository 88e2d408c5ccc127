import { logWindow } from './log-window';

const line = (seq: number) => ({
  seq,
  at: '2026-03-01T10:00:00.000Z',
  stream: 'stdout' as const,
  step: null,
  text: 'x',
});

it('knows that it has all of a short log', () => {
  const log = logWindow('id', [line(1), line(2)], 2);
  expect(log).toMatchObject({ isLatest: true, earlierHref: null, laterHref: null });
  expect(log.lines[0]!.at.text).toBe('10:00:00');
});

it('leads on from a window in the middle', () => {
  expect(logWindow('id', [line(5), line(6)], 9)).toMatchObject({
    isLatest: false,
    earlierHref: '/runs/id?to=4#run-log',
    laterHref: '/runs/id#run-log',
  });
});

it('waits for the first line of an empty log', () => {
  expect(logWindow('id', [], 0)).toMatchObject({ isLatest: true, earlierHref: null });
});
