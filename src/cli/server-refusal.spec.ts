import { JobatoError, toProblem } from '../http/problem-catalogue';
import { ServerRefusal } from './server-refusal';

const wordsOf = (error: JobatoError) => {
  const problem = toProblem(error, '/api/projects/demo/runs');
  return new ServerRefusal(problem.status, problem, 'http://127.0.0.1:3000').message;
};

it('shows when the quota resets', () =>
  expect(
    wordsOf(
      new JobatoError('QUOTA_REACHED', 'Project "demo" has used 5 of its 5 calls in the current quota day.', {
        retryAfterSeconds: 60,
        resetsAt: '2026-03-28T21:00:00.000Z',
      }),
    ),
  ).toBe(
    'Quota reached.\nProject "demo" has used 5 of its 5 calls in the current quota day.\n' +
      'The next quota day starts at 2026-03-28T21:00:00.000Z.',
  ));

it('shows which file to fix when no input is enabled', () =>
  expect(
    wordsOf(
      new JobatoError('NO_ENABLED_INPUTS', 'The run would have no inputs: config/queries.yaml is missing.'),
    ),
  ).toBe('No enabled inputs.\nThe run would have no inputs: config/queries.yaml is missing.'));
