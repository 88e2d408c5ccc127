import { aNewRun, after, LATER } from '../../test/support/a-run';
import type { ReportedArtifact } from '../events/run-event';
import {
  boundedZeroResults,
  cutText,
  withArtifacts,
  withMetrics,
  withOmissions,
  withStepNamed,
} from './report-limits';
import { pendingSteps } from './run';
import type { RunCommand } from './run-state';

const numbered = (count: number, name = (n: number) => `m${n}`) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [name(n), n]));
const files = (count: number, name = (n: number) => `f${n}`): ReportedArtifact[] =>
  Array.from({ length: count }, (_, n) => ({ name: name(n), size: n }));
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('withMetrics', () => {
  it('keeps up to 500 names, and still updates existing ones', () => {
    const { kept, isCut } = withMetrics({}, numbered(500));
    expect([Object.keys(kept).length, isCut]).toEqual([500, false]);
    const more = withMetrics(kept, { m7: 70, another: 1 });
    expect(more.isCut).toBe(true);
    expect(more.kept).toEqual({ ...kept, m7: 70 });
  });

  it('accepts names of up to 100 characters', () =>
    expect(withMetrics({}, { ['n'.repeat(100)]: 1, ['n'.repeat(101)]: 2 })).toEqual({
      kept: { ['n'.repeat(100)]: 1 },
      isCut: true,
    }));

  it('rejects names with invisible characters', () =>
    expect(withMetrics({}, { 'a\u202eb': 1, ab: 2 })).toEqual({ kept: { ab: 2 }, isCut: true }));

  it('always keeps the two metrics of the summary', () =>
    expect(withMetrics(numbered(500), { newJobsCount: 1, relevantCount: 2 })).toMatchObject({
      kept: { newJobsCount: 1, relevantCount: 2 },
      isCut: false,
    }));

  it('accepts names that every object has', () =>
    expect(Object.entries(withMetrics({}, JSON.parse('{"__proto__": 1, "constructor": 2}')).kept)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]));
});

it('withArtifacts keeps 1,000 artifacts with valid names, and updates known sizes', () => {
  const { kept, isCut } = withArtifacts([], files(1000));
  expect([kept.length, isCut]).toEqual([1000, false]);
  const more = withArtifacts(kept, [{ name: 'f3', size: 9 }, { name: 'f4' }, { name: 'another' }]);
  expect([more.kept.length, more.isCut]).toEqual([1000, true]);
  expect(more.kept.slice(3, 5)).toEqual([
    { name: 'f3', size: 9 },
    { name: 'f4', size: 4 },
  ]);
  expect(withArtifacts([], [{ name: '../a' }, { name: 'a\nb' }])).toEqual({ kept: [], isCut: true });
});

describe('boundedZeroResults', () => {
  const AT = '2026-03-01T10:03:00.000Z';
  const empty = (queryText: string) => ({ queryText, domain: 'a.com', occurredAt: AT });

  it('keeps the first 500, without unknown members', () => {
    const many = Array.from({ length: 501 }, (_, n) => ({ ...empty(`${n % 10}`), more: 'x' }));
    const { kept, isCut } = boundedZeroResults(many.slice(1), LATER);
    expect([kept.length, kept[0], isCut]).toEqual([500, empty('1'), false]);
    expect(boundedZeroResults(many, LATER)).toMatchObject({ kept: { length: 500 }, isCut: true });
  });

  it('keeps 64 KiB, and smaller ones after one that is too large', () => {
    const { kept, isCut } = boundedZeroResults([empty('é'.repeat(40_000)), empty('q')], LATER);
    expect([kept, isCut]).toEqual([[empty('q')], true]);
    const large = Array.from({ length: 100 }, () => empty('q'.repeat(1000)));
    expect(bytes(boundedZeroResults(large, LATER).kept)).toBeLessThanOrEqual(64 * 1024);
  });

  it('ignores those without a query or a domain', () =>
    expect(boundedZeroResults([{ queryText: 'q' }, { domain: 'a.com' }, empty('q')], LATER)).toEqual({
      kept: [empty('q')],
      isCut: true,
    }));

  it.each([undefined, '', 'yesterday'])('replaces the time %j by that of the end', (occurredAt) =>
    expect(boundedZeroResults([{ ...empty('q'), occurredAt }], LATER).kept).toEqual([
      { ...empty('q'), occurredAt: LATER },
    ]),
  );
});

it('withStepNamed keeps 200 steps', () => {
  const known = pendingSteps(Array.from({ length: 200 }, (_, n) => `s${n}`));
  expect(withStepNamed(known, 's5')).toEqual({ kept: known, isCut: false });
  expect(withStepNamed(known, 'another')).toEqual({ kept: known, isCut: true });
  expect(withStepNamed(known.slice(1), 'another').kept).toHaveLength(200);
});

it('withOmissions notes each list once', () => {
  expect(withOmissions(null, { metrics: false })).toBeNull();
  expect(withOmissions(null, { metrics: true, steps: undefined })).toEqual(['metrics']);
  expect(withOmissions(['metrics'], { metrics: true, steps: true })).toEqual(['metrics', 'steps']);
});

it.each([
  ['short', 100, 'short'],
  ['x'.repeat(98), 100, 'x'.repeat(98)],
  ['x'.repeat(99), 100, undefined],
  ['\u0001'.repeat(1000), 1000, undefined],
  ['😀'.repeat(1000), 1000, undefined],
])('cutText limits a text by its size as JSON', (text, maxBytes, expected) => {
  const cut = cutText(text, maxBytes);
  expect(bytes(cut)).toBeLessThanOrEqual(maxBytes);
  if (expected === undefined) expect(cut).toMatch(/ … \[cut\]$/);
  else expect(cut).toBe(expected);
  expect(Buffer.from(cut).toString()).toBe(cut); // no lone surrogate
});

it.each([
  ['letters', 'x'],
  ['characters of three bytes', '中'],
  ['characters that take six bytes in JSON', '\u0001'],
])('keeps a run below 448 KiB without its params, for reports in %s', (_what, letter) => {
  const said = (payload: object): RunCommand => ({ type: 'progress', occurredAt: LATER, payload });
  const name = (n: number, length: number) => `${n}${letter.repeat(length)}`.slice(0, length);
  const commands: RunCommand[] = [
    said({ metrics: numbered(5000, (n) => name(n, 100)), message: letter.repeat(10_000) }),
    said({ artifacts: files(1000, (n) => name(n, 200)) }),
    ...Array.from({ length: 300 }, (_, n) => said({ step: name(n, 200), stepStatus: 'running' })),
    {
      type: 'fail',
      occurredAt: LATER,
      payload: {
        errorCode: letter.repeat(200),
        message: letter.repeat(100_000),
        reason: letter.repeat(10_000),
      },
    },
  ];
  const run = after(aNewRun(), commands);
  // Half of the 1 MiB is reserved for the run's inputs.
  expect(bytes({ ...run, params: {} })).toBeLessThan(448 * 1024);
});
