import { aNewRun } from '../../test/support/a-run';
import { KILL_AFTER_SECONDS } from './group-ending';

it('a stop leaves time to kill the processes of a step and to confirm that they have ended', () => {
  const { stopGraceSeconds } = aNewRun({ executor: 'steps', stopGraceSeconds: 0 });
  expect(stopGraceSeconds).toBeGreaterThan(2 * KILL_AFTER_SECONDS);
});
