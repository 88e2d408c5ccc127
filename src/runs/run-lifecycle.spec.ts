import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aNewRun, after, LATER } from '../../test/support/a-run';
import { type RunCommand, TRANSITIONS } from './run-state';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'run-lifecycle.md'), 'utf8');
const drawing = /```mermaid\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

/** Returns `from --command--> to` for every command on every arrow. */
function drawnEdges(): string[] {
  return [...drawing.matchAll(/^ *([\w-]+) --> ([\w-]+): (.+)$/gm)].flatMap(([, from, to, commands]) =>
    commands!.split(',').map((command) => `${from} --${command.trim()}--> ${to}`),
  );
}

function tableEdges(): string[] {
  return Object.entries(TRANSITIONS).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([command, phases]) => phases.map((to) => `${from} --${command}--> ${to}`)),
  );
}

describe('docs/run-lifecycle.md', () => {
  it('draws exactly the transitions of the state machine', () =>
    expect(drawnEdges().sort()).toEqual(tableEdges().sort()));

  it('draws each transition once', () => expect(new Set(drawnEdges()).size).toBe(drawnEdges().length));

  it('marks exactly the final phases of the state machine as final', () => {
    const ends = [...drawing.matchAll(/^ *([\w-]+) --> \[\*\]$/gm)].map(([, phase]) => phase);
    const final = Object.entries(TRANSITIONS).filter(([, row]) => Object.values(row).flat().length === 0);
    expect(ends.sort()).toEqual(final.map(([phase]) => phase).sort());
  });

  it('explains every command', () => {
    for (const command of Object.keys(TRANSITIONS.waiting))
      expect(page).toMatch(new RegExp(`^\\| \`${command}\``, 'm'));
  });

  const waiting = aNewRun();
  const claim: RunCommand = { type: 'claim', workerId: 'w', leaseSeconds: 30 };
  const said = { occurredAt: LATER };
  const ask: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
  it.each<[string, RunCommand[]]>([
    ['a stop before the claim', [ask]],
    ['a confirmed stop', [claim, ask, { type: 'confirm-stop', ...said, payload: {} }]],
    ['a stop by the worker', [claim, { type: 'confirm-stop', ...said, payload: {} }]],
    ['an unconfirmed stop', [claim, ask, { type: 'end-unconfirmed-stop' }]],
    ['a failure', [claim, { type: 'fail', ...said, payload: { errorCode: 'E', message: 'm' } }]],
    [
      'a failed step',
      [claim, { type: 'fail', ...said, payload: { errorCode: 'E', message: 'm', step: 'fetch' } }],
    ],
    ['a time-out', [claim, { type: 'time-out' }]],
    ['a lost worker', [claim, { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } }]],
    ['no worker', [{ type: 'fail-unclaimed' }]],
    ['a partial completion', [claim, { type: 'complete', ...said, payload: { status: 'partial' } }]],
  ])('lists the statusReason of %s, with its status', (_what, commands) => {
    const { status, statusReason } = after(waiting, commands);
    expect(page).toMatch(new RegExp(`^\\| \`${statusReason}\` +\\|[^|]*\`${status}\``, 'm'));
  });
});
