import { JobatoError, toProblem } from '../http/catalogue';
import { ServerRefusal } from './server-refusal';

const wordsOf = (error: JobatoError) => {
  const problem = toProblem(error, '/api/projects/demo/runs');
  return new ServerRefusal(problem.status, problem, 'http://127.0.0.1:3000').message;
};

it('shows when the quota resets', () =>
  expect(
    wordsOf(
      new JobatoError('QUOTA_REACHED', 'Project "demo" has used 5 of its 5 calls of this quota day.', {
        retryAfterSeconds: 60,
        resetsAt: '2026-03-28T21:00:00.000Z',
      }),
    ),
  ).toBe(
    'The quota is used up.\nProject "demo" has used 5 of its 5 calls of this quota day.\n' +
      'The next quota day begins at 2026-03-28T21:00:00.000Z.',
  ));

it('shows which file to fix when no input is enabled', () =>
  expect(
    wordsOf(
      new JobatoError('NO_ENABLED_INPUTS', 'There is nothing to look for: config/queries.yaml is missing.'),
    ),
  ).toBe('No input is enabled.\nThere is nothing to look for: config/queries.yaml is missing.'));
