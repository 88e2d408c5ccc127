import { navigation } from './navigation';

const ALL = { hasResults: true, hasInputs: true };
const NONE = { hasResults: false, hasInputs: false };
const labels = (entries: { label: string; isCurrent: boolean }[]) =>
  entries.map(({ label, isCurrent }) => (isCurrent ? `[${label}]` : label));

it('has the pages of the installation below System', () => {
  const { main, system } = navigation('/quota', ALL);
  expect(labels(main)).toEqual(['Projects', 'Runs', 'Schedules', 'Results', '[System]']);
  expect(labels(system)).toEqual([
    'Status',
    'Workers',
    '[Quota]',
    'Queries',
    'Notifications',
    'Rejected events',
  ]);
});

it('has no entries without a use', () => {
  expect(labels(navigation('/', NONE).main)).toEqual(['[Projects]', 'Runs', 'Schedules', 'System']);
  expect(navigation('/', ALL).system).toEqual([]);
  expect(labels(navigation('/status', NONE).system)).not.toContain('Queries');
  expect(labels(navigation('/results', NONE).main)).toContain('[Results]');
});
