import { chaos } from './chaos/chaos';
import { tell } from './support/crash';

const SEED = Number(process.env.CHAOS_SEED ?? 20_260_301);

/** The short form of `npm run chaos`. */
it(`keeps all its promises while everything is killed and paused (CHAOS_SEED=${SEED})`, async () => {
  const { accepted, done, findings } = await chaos({ seed: SEED, seconds: 36, drainSeconds: 40, tell });
  tell(JSON.stringify(done));
  expect({ seed: SEED, findings }).toEqual({ seed: SEED, findings: [] });
  expect(accepted).toBeGreaterThan(20);
  for (const victim of ['server', 'worker-1', 'worker-2', 'redis'])
    expect(done[`${victim} kill`]).toBeGreaterThanOrEqual(3);
}, 180_000);
