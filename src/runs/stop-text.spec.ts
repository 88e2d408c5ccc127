import { aNewRun, after, LATER } from '../../test/support/a-run';
import type { ReportedStopping } from '../events/run-event';
import type { Run } from './run';
import type { RunCommand } from './run-state';
import { stopSentences } from './stop-text';
import { joined, plainText } from './text-part';

const at = (seconds: number) => new Date(Date.parse(LATER) + seconds * 1000).toISOString();
const CLAIM: RunCommand = { type: 'claim', workerId: 'worker-1', leaseSeconds: 60 };
const ASK: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
const python = { pid: 4711, name: 'python3' };

/** A report of a worker whose clock is `ahead` seconds ahead. */
const report = (stopping: ReportedStopping, seconds: number, ahead = 0): RunCommand => ({
  type: 'progress',
  occurredAt: at(seconds + ahead),
  payload: { step: 'parse', stopping },
});
const terminated = (more: Partial<ReportedStopping> = {}, ahead = 0): ReportedStopping => ({
  signal: 'SIGTERM',
  sentAt: at(1 + ahead),
  killAt: at(11 + ahead),
  ...more,
});
const claimed = after(aNewRun(), [CLAIM]);
const asked = after(claimed, [ASK]);
const reported = (stopping: ReportedStopping, ahead = 0) => after(asked, [report(stopping, 1, ahead)], at(1));
const said = (run: Run, seconds: number) => {
  const sentences = stopSentences(run, at(seconds));
  return sentences && plainText(joined(sentences));
};

it.each<[string, Run, number, string]>([
  [
    'a stop was requested',
    asked,
    2,
    'Stop requested 2 s ago. Worker worker-1 has not confirmed it yet; without confirmation the run is cancelled in 28 s.',
  ],
  [
    'SIGTERM was sent',
    reported(terminated({ aliveCount: 3, alive: [python, { pid: 4712, name: 'sh' }] })),
    5,
    'SIGTERM was sent to step parse 4 s ago. Still alive: python3 (pid 4711), sh (pid 4712) and 1 more; they are killed in 6 s.',
  ],
  [
    'one process is alive',
    reported(terminated({ aliveCount: 1, alive: [python] })),
    5,
    'SIGTERM was sent to step parse 4 s ago. Still alive: python3 (pid 4711); it is killed in 6 s.',
  ],
  [
    'the remaining processes are unknown',
    reported(terminated()),
    5,
    'SIGTERM was sent to step parse 4 s ago; processes still alive are killed in 6 s.',
  ],
  [
    'all have ended',
    reported(terminated({ aliveCount: 0, alive: [] })),
    2,
    'SIGTERM was sent to step parse 1 s ago; all processes have ended.',
  ],
  [
    'a process survives SIGKILL',
    reported({ signal: 'SIGKILL', sentAt: at(1), aliveCount: 1, alive: [python] }),
    3,
    'SIGKILL was sent to step parse 2 s ago. Still alive: python3 (pid 4711).',
  ],
  [
    'a step timed out',
    after(claimed, [report(terminated({ cause: 'step-timed-out', aliveCount: 2 }), 1)], at(1)),
    5,
    'Step parse took longer than allowed. SIGTERM was sent to step parse 4 s ago. Still alive: 2 processes; they are killed in 6 s.',
  ],
  [
    'the clock of the worker is an hour ahead',
    reported(terminated({}, 3600), 3600),
    5,
    'SIGTERM was sent to step parse 4 s ago; processes still alive are killed in 6 s.',
  ],
  [
    'the clock of the worker is minutes behind',
    reported(terminated({}, -240), -240),
    5,
    'SIGTERM was sent to step parse 4 s ago; processes still alive are killed in 6 s.',
  ],
  [
    'a time without a zone',
    reported(terminated({ killAt: at(11).replace('Z', '') })),
    5,
    'SIGTERM was sent to step parse 4 s ago; processes still alive are killed in 6 s.',
  ],
  [
    'times out of range',
    reported(terminated({ sentAt: '-271821-04-20T00:00:00.000Z', killAt: '+275760-09-13T00:00:00.000Z' })),
    5,
    'SIGTERM was sent to step parse 4 s ago.',
  ],
  [
    'times that are days off',
    reported(terminated({ sentAt: at(-90_000), killAt: at(90_000) })),
    5,
    'SIGTERM was sent to step parse 4 s ago.',
  ],
  [
    'SIGTERM before the start of the run',
    reported(terminated({ sentAt: at(-3600), killAt: undefined })),
    5,
    'SIGTERM was sent to step parse 5 min 5 s ago.',
  ],
])('describes the progress of a stop: %s', (_what, run, seconds, text) => {
  expect(said(run, seconds)).toBe(text);
});

it('marks running times', () => {
  expect(stopSentences(reported(terminated()), at(5))).toEqual([
    [
      { text: 'SIGTERM was sent to step parse ' },
      { text: '4 s', elapsedMs: 4000 },
      { text: ' ago' },
      { text: '; processes still alive are killed in ' },
      { text: '6 s', leftMs: 6000 },
      { text: '.' },
    ],
  ]);
});

it.each<[string, Run]>([
  ['the stop was not requested', after(claimed, [report(terminated(), 1)], at(1))],
  [
    'its step has already ended',
    after(claimed, [
      { type: 'progress', occurredAt: LATER, payload: { step: 'parse', stepStatus: 'completed' } },
      report(terminated({ cause: 'left-behind' }), 1),
    ]),
  ],
  [
    'its step ended after the report',
    after(claimed, [
      report(terminated({ cause: 'left-behind' }), 0),
      { type: 'progress', occurredAt: LATER, payload: { step: 'parse', stepStatus: 'completed' } },
    ]),
  ],
  ['the run has ended', after(reported(terminated()), [{ type: 'end-unconfirmed-stop' }])],
])('keeps no report if %s', (_what, run) => {
  expect(run.stopReports).toBeNull();
  expect(stopSentences(run, at(2))).toBeNull();
});

describe('stop reports out of order', () => {
  const news = (step: string, stepStatus: 'running' | 'completed', seconds: number): RunCommand => ({
    type: 'progress',
    occurredAt: at(seconds),
    payload: { step, stepStatus },
  });
  const killed: ReportedStopping = { signal: 'SIGKILL', sentAt: at(3), aliveCount: 1 };
  const fewer = report(terminated({ aliveCount: 1 }), 2);
  const more = report(terminated({ aliveCount: 3 }), 1);
  const all = (...commands: RunCommand[]) => after(asked, commands, at(5)).stopReports;
  const kept = (...commands: RunCommand[]) => all(...commands)?.at(-1) ?? null;

  it('keep the newest', () => {
    expect(kept(fewer, more)).toMatchObject({ aliveCount: 1 });
    expect(kept(more, fewer)).toMatchObject({ aliveCount: 1 });
  });

  it('keep SIGKILL regardless of the clock', () => {
    for (const seconds of [0, 3, 5]) {
      expect(kept(report(killed, 3), report(terminated(), seconds))).toMatchObject({ signal: 'SIGKILL' });
      expect(kept(report(terminated(), seconds), report(killed, 3))).toMatchObject({ signal: 'SIGKILL' });
    }
  });

  it('are kept until their step ends or a later step starts', () => {
    expect(kept(fewer, news('fetch', 'completed', 3))).toMatchObject({ step: 'parse' });
    expect(kept(fewer, news('parse', 'running', 3))).toMatchObject({ step: 'parse' });
    expect(kept(fewer, news('report', 'running', 1))).toMatchObject({ step: 'parse' });
    expect(kept(fewer, news('report', 'running', 3))).toBeNull();
    expect(kept(fewer, news('parse', 'completed', 3))).toBeNull();
    expect(kept(news('parse', 'completed', 3), fewer)).toBeNull();
    // A report of the next step, with SIGTERM again.
    const next: RunCommand = {
      type: 'progress',
      occurredAt: at(4),
      payload: { step: 'report', stopping: terminated() },
    };
    expect(all(report(killed, 3), next)).toMatchObject([
      { step: 'parse', signal: 'SIGKILL' },
      { step: 'report', signal: 'SIGTERM' },
    ]);
  });
});

describe('several steps at once', () => {
  const ending = (step: string): RunCommand => ({
    type: 'progress',
    occurredAt: at(1),
    payload: {
      step,
      stopping: terminated({ killAt: undefined, aliveCount: 1, alive: [{ pid: 7, name: step }] }),
    },
  });
  const all = ['fetch', 'parse', 'report', 'x1', 'x2'].map(ending);

  it('are described one by one, up to three', () => {
    expect(said(after(asked, all.slice(0, 2), at(1)), 5)).toMatch(
      /step fetch .*fetch \(pid 7\).* step parse .*parse \(pid 7\)/,
    );
    expect(said(after(asked, all, at(1)), 5)).toMatch(/step report .* 2 more steps are being stopped\.$/);
  });

  it('are no longer described once they have ended', () => {
    const ended: RunCommand = {
      type: 'progress',
      occurredAt: at(2),
      payload: { step: 'fetch', stepStatus: 'cancelled' },
    };
    expect(said(after(asked, [...all.slice(0, 2), ended], at(2)), 5)).not.toMatch(/step fetch/);
  });
});
