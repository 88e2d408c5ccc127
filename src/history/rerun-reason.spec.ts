import { aProject } from '../../test/support/a-run';
import type { Run } from '../runs/run';
import { failedSince } from './rerun-reason';

it('finds a failed step until a later run completes it', () => {
  const run = (fetch: string, parse: string, report: string) => ({
    steps: [
      { name: 'fetch', status: fetch },
      { name: 'parse', status: parse },
      { name: 'report', status: report },
    ] as Run['steps'],
  });
  const failed = run('completed', 'failed', 'skipped');
  const reported = { steps: run('', '', 'completed').steps.slice(2) };
  expect(failedSince(aProject(), [reported, failed])).toBe('parse');
  const fixed = { steps: run('', 'completed', 'completed').steps.slice(1) };
  expect(failedSince(aProject(), [reported, fixed, failed])).toBeNull();
  expect(failedSince(aProject(), [])).toBeNull();
  expect(failedSince(aProject({ steps: [] }), [failed])).toBeNull();
});
