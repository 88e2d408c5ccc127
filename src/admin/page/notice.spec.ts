import { invalid, JobatoError } from '../../http/problem-catalogue';
import { noticeOf, noticeOfOldForm } from './notice';

it('links to the run that blocks the request', () => {
  const notice = noticeOf(
    new JobatoError('RUN_IN_PROGRESS', 'Wait for it, or stop it.', {
      activeRunId: 'abc',
      activeRunNumber: 14,
    }),
  );
  expect(notice).toEqual({
    title: 'Run already in progress',
    detail: 'Wait for it, or stop it.',
    activeRunId: 'abc',
    activeRunNumber: 14,
    activeRunHref: '/runs/abc',
    quotaHref: null,
    resetsAt: null,
    fields: [],
    reloadHref: null,
  });
});

it('shows when the quota resets, and links to the quota page', () => {
  const resetsAt = '2026-03-01T23:00:00.000Z';
  const notice = noticeOf(
    new JobatoError('QUOTA_REACHED', 'All is used.', { retryAfterSeconds: 1, resetsAt }),
  );
  expect(notice).toMatchObject({
    detail: 'All is used.',
    quotaHref: '/quota',
    resetsAt: { datetime: resetsAt },
  });
});

it('links to each invalid field', () => {
  const errors = [
    { field: 'scope', message: 'must be one of full' },
    { field: 'params.maxTerms', message: 'must be at most 9' },
  ];
  expect(noticeOf(invalid(errors)).title).toBe('2 values are missing or invalid');
  expect(noticeOf(invalid(errors.slice(1))).title).toBe('1 value is missing or invalid');
  expect(noticeOf(invalid(errors)).fields).toEqual([
    { href: '#scope', label: 'Scope', message: 'must be one of full' },
    { href: '#param-maxTerms', label: 'Max terms', message: 'must be at most 9' },
  ]);
  const [scope] = noticeOf(invalid(errors), '/projects/demo?like=1').fields;
  expect(scope!.href).toBe('/projects/demo?like=1#scope');
});

it('links an outdated form to the current page instead of its fields', () => {
  const error = invalid([{ field: 'params.priority', message: 'is required' }]);
  expect(noticeOfOldForm(error, '/projects/demo')).toMatchObject({
    detail: expect.stringContaining('has changed'),
    fields: [{ href: null, label: 'Priority', message: 'is required' }],
    reloadHref: '/projects/demo',
  });
});
