import { LATER, START } from '../../test/support/a-run';
import { plusSeconds } from '../clock/clock';
import { pendingSteps, type StepState } from './run';
import { MAX_STEP_ATTEMPTS, MAX_STEP_MESSAGE_BYTES } from './report-limits';
import { attemptsOf, ranSideBySide, retryTimeOf, stepAtEnd, stepsAfter } from './step-state';

type Report = Parameters<typeof stepsAfter>[1];

const at = (seconds: number) => plusSeconds(START, seconds);
const steps = pendingSteps(['load', 'report']);
const load = (report: Omit<Report, 'step'>): Report => ({ step: 'load', ...report });

/** Returns step `load` after these reports, one second apart. */
function after(...reports: Omit<Report, 'step'>[]): StepState {
  return reports.reduce(
    (current, report, index) => stepsAfter(current, load(report), at(index + 1)).steps,
    steps,
  )[0]!;
}

describe('a step', () => {
  it('runs from its first report to its last', () =>
    expect(after({ stepStatus: 'running' }, { stepStatus: 'completed', exitCode: 0 })).toEqual({
      name: 'load',
      status: 'completed',
      startedAt: at(1),
      endedAt: at(2),
      exitCode: 0,
    }));

  it.each(['completed', 'failed', 'skipped', 'cancelled'] as const)('never leaves %s', (stepStatus) => {
    const ended = after({ stepStatus });
    for (const late of ['running', 'completed', 'failed', 'skipped', 'cancelled'] as const) {
      expect(stepsAfter([ended], load({ stepStatus: late }), LATER).steps).toEqual([ended]);
    }
  });

  it('that is unknown is added once it has a status', () => {
    expect(stepsAfter(steps, { step: 'new', current: 1 }, LATER).steps).toEqual(steps);
    expect(
      stepsAfter(steps, { step: 'new', stepStatus: 'running' }, LATER).steps.map(({ name }) => name),
    ).toEqual(['load', 'report', 'new']);
  });

  it('keeps its own progress, and drops only the message at its end', () => {
    const running = after({ stepStatus: 'running', total: 10 }, { current: 3, message: 'x'.repeat(2000) });
    expect(running.progress).toMatchObject({ current: 3, total: 10 });
    expect(JSON.stringify(running.progress!.message).length).toBeLessThanOrEqual(MAX_STEP_MESSAGE_BYTES);
    const [ended] = stepsAfter([running], load({ stepStatus: 'completed' }), LATER).steps;
    expect(ended!.progress).toEqual({ current: 3, total: 10, message: null });
  });
});

describe('the attempts of a step', () => {
  const first = { number: 1, status: 'running' } as const;
  const failed = { number: 1, status: 'failed', exitCode: 3, retryAt: at(12) } as const;
  const second = { number: 2, status: 'running' } as const;

  it('are one for a step without a retry policy', () => {
    expect(attemptsOf(after({ stepStatus: 'running' }, { stepStatus: 'failed', exitCode: 3 }))).toEqual([
      { number: 1, status: 'failed', startedAt: at(1), endedAt: at(2), exitCode: 3 },
    ]);
    expect(attemptsOf(steps[0]!)).toEqual([]);
    expect(attemptsOf(after({ stepStatus: 'skipped' }))).toEqual([]);
  });

  it('are recorded one by one, while the step runs', () => {
    const waiting = after(
      { stepStatus: 'running', stepAttempt: first },
      { stepStatus: 'running', stepAttempt: failed },
    );
    expect(waiting).toMatchObject({ status: 'running', endedAt: null, exitCode: null });
    expect(retryTimeOf(waiting)).toBe(at(12));
    const again = stepsAfter([waiting], load({ stepStatus: 'running', stepAttempt: second }), at(12))
      .steps[0]!;
    expect(retryTimeOf(again)).toBeNull();
    expect(attemptsOf(again)).toEqual([
      { number: 1, status: 'failed', startedAt: at(1), endedAt: at(2), exitCode: 3, retryAt: at(12) },
      { number: 2, status: 'running', startedAt: at(12), endedAt: null, exitCode: null },
    ]);
  });

  it('are in the order of their numbers, even if events arrive in another one', () => {
    const step = after(
      { stepStatus: 'running', stepAttempt: second },
      { stepStatus: 'running', stepAttempt: failed },
      { stepStatus: 'running', stepAttempt: first },
    );
    expect(attemptsOf(step)).toMatchObject([
      { number: 1, status: 'failed' },
      { number: 2, status: 'running' },
    ]);
  });

  it('have the time of the next one by the clock of the server', () => {
    const { attempts } = stepsAfter(
      steps,
      load({ stepStatus: 'running', stepAttempt: { ...failed, retryAt: at(3600 + 10) } }),
      at(5),
      at(3600),
    ).steps[0]!;
    expect(attempts![0]!.retryAt).toBe(at(15));
  });

  it.each(['tomorrow', '+275000-01-01T00:00:00.000Z'])(
    'have no next one at an impossible time: %s',
    (retryAt) =>
      expect(
        after({ stepStatus: 'running', stepAttempt: { ...failed, retryAt } }).attempts![0],
      ).not.toHaveProperty('retryAt'),
  );

  it('take the outcome of a run that ends', () => {
    const running = after({ stepStatus: 'running', stepAttempt: first });
    expect(stepAtEnd(running, 'cancelled', at(9))).toMatchObject({
      status: 'cancelled',
      endedAt: at(9),
      attempts: [{ number: 1, status: 'cancelled', endedAt: at(9) }],
    });
    expect(stepAtEnd(steps[1]!, 'failed', at(9)).status).toBe('skipped');
  });

  it('each begin without progress', () => {
    const begun = after({ stepStatus: 'running', stepAttempt: first }, { current: 3, total: 10 });
    const waiting = stepsAfter([begun], load({ stepStatus: 'running', stepAttempt: failed }), at(3))
      .steps[0]!;
    expect([begun.progress, waiting.progress]).toEqual([{ current: 3, total: 10, message: null }, undefined]);
  });

  it('end with the step, even if the worker does not report their end', () => {
    const failedStep = after({ stepStatus: 'running', stepAttempt: first }, { stepStatus: 'failed' });
    expect(failedStep.attempts).toMatchObject([{ number: 1, status: 'failed', endedAt: at(2) }]);
    const late = stepsAfter([failedStep], load({ stepStatus: 'running', stepAttempt: second }), LATER).steps;
    expect(late).toEqual([failedStep]);
  });

  it('are bounded: the newest of each step are kept', () => {
    let current = steps;
    for (let number = 1; number <= MAX_STEP_ATTEMPTS + 5; number++) {
      current = stepsAfter(
        current,
        load({ stepStatus: 'running', stepAttempt: { number, status: 'failed' } }),
        LATER,
      ).steps;
    }
    expect(current[0]!.attempts).toHaveLength(MAX_STEP_ATTEMPTS);
    expect(current[0]!.attempts!.at(-1)!.number).toBe(MAX_STEP_ATTEMPTS + 5);
    const other = stepsAfter(current, { step: 'report', stepStatus: 'running', stepAttempt: first }, LATER);
    expect(other.steps[1]).toMatchObject({ status: 'running', attempts: [] });
    expect(other.isCut).toEqual({ steps: false, attempts: true });
  });
});

it.each([
  [
    'one after the other',
    [
      [1, 2],
      [2, 3],
      [3, null],
    ],
    false,
  ],
  [
    'at the same time',
    [
      [1, 4],
      [2, 3],
    ],
    true,
  ],
  [
    'the first still running',
    [
      [1, null],
      [2, null],
    ],
    true,
  ],
  ['never', [], false],
] as [string, [number, number | null][], boolean][])('steps that ran %s', (_what, spans, expected) =>
  expect(
    ranSideBySide(spans.map(([from, to]) => ({ startedAt: at(from), endedAt: to === null ? null : at(to) }))),
  ).toBe(expected),
);
