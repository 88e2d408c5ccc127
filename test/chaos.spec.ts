import { chaos } from './chaos/chaos';
import { planOf } from './chaos/plan';
import { tell } from './support/crash';

const SEED = Number(process.env.CHAOS_SEED ?? 20_260_301);

it('makes the same trouble from the same seed, and enough of it in ten minutes', () => {
  const plan = planOf(SEED, 600);
  expect(planOf(SEED, 600)).toEqual(plan);
  expect(planOf(SEED + 1, 600)).not.toEqual(plan);
  const strokes = plan.rounds.flatMap(({ strokes }) => strokes);
  const kills = (victim: string) =>
    strokes.filter((stroke) => stroke.victim === victim && stroke.deed === 'kill').length;
  expect(kills('server')).toBeGreaterThanOrEqual(50);
  expect(kills('worker-1')).toBeGreaterThanOrEqual(50);
  expect(kills('worker-2')).toBeGreaterThanOrEqual(50);
  expect(kills('redis')).toBeGreaterThanOrEqual(20);
});

/** The short form of `npm run chaos`. */
it(`keeps all its promises while everything is killed and paused (CHAOS_SEED=${SEED})`, async () => {
  const { accepted, done, findings } = await chaos({ seed: SEED, seconds: 36, drainSeconds: 45, tell });
  tell(JSON.stringify(done));
  expect({ seed: SEED, findings }).toEqual({ seed: SEED, findings: [] });
  // Some dozens where the machine has nothing else to do; without any the promises would be none.
  expect(accepted).toBeGreaterThan(5);
  for (const victim of ['server', 'worker-1', 'worker-2', 'redis'])
    expect(done[`${victim} kill`]).toBeGreaterThanOrEqual(3);
}, 180_000);
