import { toRunView } from '../../runs/run-view';
import { aNewRun, LATER } from '../../../test/support/a-run';
import { waitingKey } from './page-version';

const run = aNewRun({ executor: 'external' });
const heard = (...seconds: number[]) =>
  waitingKey(
    toRunView(
      run,
      {
        unpublished: false,
        stepWorkers: { slots: 0, busy: 0 },
        consumers: seconds.map((ago) => ({ group: 'ml', name: 'trainer', idleMs: ago * 1000 })),
      },
      LATER,
    ),
  );

it('is another where a run waits for something else, and not because time passes', () => {
  expect(heard(3)).toBe(heard(12));
  expect(heard(3)).not.toBe(heard(3, 4));
  expect(heard()).toMatch(/^handed-out: /);
  expect(waitingKey(null)).toBeNull();
});
