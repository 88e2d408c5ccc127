import { waitingFor } from '../../runs/waiting';
import { aNewRun, LATER } from '../../../test/support/a-run';
import { waitingKey } from './page-version';

const run = aNewRun({ executor: 'external' });
const heard = (...seconds: number[]) =>
  waitingKey(
    waitingFor(
      run,
      {
        unpublished: false,
        stepWorkers: { slots: 0, busy: 0 },
        consumers: seconds.map((ago) => ({ group: 'ml', name: 'trainer', idleMs: ago * 1000 })),
      },
      LATER,
    ),
  );

it('changes when the reason for waiting changes, not as time passes', () => {
  expect(heard(3)).toEqual(heard(12));
  expect(heard(3)).not.toEqual(heard(3, 4));
  expect(heard()).toMatchObject({ code: 'handed-out' });
  expect(waitingKey(null)).toBeNull();
});
