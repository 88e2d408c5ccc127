import { aProject, LATER, RUN_ID } from '../../../test/support/a-run';
import { quotaPage } from './quota-page';

const RULES = {
  dailyLimit: 1000,
  concurrencyLimit: 2,
  resetPolicy: { timeZone: 'Europe/Berlin', resetHour: 9 },
};
const project = aProject({ quota: true });
const runs = [{ runId: RUN_ID, used: 1200, isDeleted: false }];
const status = { dailyLimit: 1000, used: 1200, remaining: 0, concurrencyLimit: 2, resetsAt: LATER };

it('shows the limit and the usage of each project', () => {
  const { rules, rows } = quotaPage(RULES, null, false, [{ project, status, runs }]);
  expect(rules).toBe(
    'Each project can issue 1,000 calls a day, 2 at once. The quota day starts at 09:00 (Europe/Berlin).',
  );
  expect(rows).toMatchObject([
    {
      href: '/projects/demo',
      used: '1,200',
      limit: '1,000',
      left: '0',
      isReached: true,
      bar: { value: 1000, max: 1000 },
      resetsAt: { datetime: LATER },
      runs: [{ href: `/runs/${RUN_ID}`, used: '1,200' }],
    },
  ]);
});

it('shows the usage when no limit is configured', () => {
  const page = quotaPage(null, null, false, [{ project, status: null, runs }]);
  expect(page).toMatchObject({ rules: null, isMissing: true, problem: null });
  expect(page.rows).toMatchObject([
    { used: '1,200', limit: null, left: 'no limit', bar: null, isReached: false },
  ]);
});

it('distinguishes a broken file with a last valid version from one that was never valid', () => {
  const problem = { file: 'quota.yaml', line: 3, reason: 'it is wrong' };
  expect(quotaPage(RULES, problem, false, []).problem).toMatchObject({ line: 3, isRefusing: false });
  const neverGood = quotaPage(null, problem, true, [{ project, status: null, runs }]);
  expect(neverGood).toMatchObject({ isMissing: false, problem: { isRefusing: true } });
  expect(neverGood.rows[0]!.left).toBe('unknown');
});
