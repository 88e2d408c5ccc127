import { type ErrorCode, invalid, JobatoError, PROBLEMS, toProblem } from './problem-catalogue';

describe('PROBLEMS', () => {
  it.each(Object.entries(PROBLEMS))(
    'has a valid code, status and title for %s',
    (code, { status, title }) => {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
    },
  );

  it.each<[ErrorCode, number]>([
    ['RUN_IN_PROGRESS', 409],
    ['RUN_ALREADY_ENDED', 409],
    ['LEASE_LOST', 409],
    ['RUN_NOT_FOUND', 404],
    ['PROJECT_NOT_FOUND', 404],
    ['QUOTA_REACHED', 429],
    ['NO_ENABLED_INPUTS', 400],
    ['VALIDATION', 400],
    ['IDEMPOTENCY_KEY_REUSED', 422],
    ['UNSUPPORTED_MEDIA_TYPE', 415],
    ['UNAUTHORIZED', 401],
    ['FORBIDDEN', 403],
    ['PAYLOAD_TOO_LARGE', 413],
    ['MISDIRECTED_REQUEST', 421],
    ['INTERNAL', 500],
    ['STORAGE_UNAVAILABLE', 503],
    ['STORAGE_FULL', 507],
  ])('maps %s to %d', (code, status) => expect(PROBLEMS[code].status).toBe(status));
});

describe('toProblem', () => {
  it('returns the RFC 9457 members and the error code', () =>
    expect(toProblem(new JobatoError('RUN_NOT_FOUND', 'Run 7 does not exist.'), '/api/runs/7')).toEqual({
      type: 'urn:jobato:problem:run-not-found',
      title: 'Run not found',
      status: 404,
      detail: 'Run 7 does not exist.',
      instance: '/api/runs/7',
      errorCode: 'RUN_NOT_FOUND',
    }));

  it('includes the ID of the active run', () =>
    expect(toProblem(new JobatoError('RUN_IN_PROGRESS', 'd', { activeRunId: 'r' }), '/').activeRunId).toBe(
      'r',
    ));

  it('includes each invalid field, and lists all of them in its detail', () => {
    const errors = [
      { field: 'scope', message: 'must be one of full' },
      { field: 'params.depth', message: 'is required' },
    ];
    expect(toProblem(invalid(errors), '/')).toMatchObject({
      status: 400,
      errorCode: 'VALIDATION',
      errors,
      detail: 'scope: must be one of full; params.depth: is required',
    });
  });

  it('omits the retry time, which is sent as a header', () =>
    expect(
      toProblem(new JobatoError('QUOTA_REACHED', 'd', { retryAfterSeconds: 5 }), '/'),
    ).not.toHaveProperty('retryAfterSeconds'));
});
