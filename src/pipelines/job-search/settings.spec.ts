import { settingsFrom } from './settings';

describe('settingsFrom', () => {
  it('prefers options to parameters, and parameters to defaults', () => {
    const env = { JOBATO_PARAMS: '{"threshold":40,"maxPages":7,"sources":""}' };
    expect(settingsFrom({ threshold: '80' }, env, '/x')).toMatchObject({
      threshold: 80,
      maxPages: 7,
      sources: 'sample',
      allowPrivate: false,
    });
  });

  it('reads the quota, and does not confuse 0 with no quota', () => {
    const run = (env: NodeJS.ProcessEnv) => settingsFrom({}, env, '/x').run;
    expect(run({})).toMatchObject({ quotaRemaining: null, concurrency: 4 });
    expect(run({ JOBATO_QUOTA_REMAINING: '0', JOBATO_QUOTA_CONCURRENCY: '2' })).toMatchObject({
      quotaRemaining: 0,
      concurrency: 2,
    });
    expect(() => run({ JOBATO_QUOTA_REMAINING: 'many' })).toThrow(/JOBATO_QUOTA_REMAINING/);
  });

  it('does not take the switch for private addresses from a parameter', () => {
    const env = { JOBATO_PARAMS: '{"allowPrivateAddresses":true,"allowPrivate":true}' };
    expect(settingsFrom({}, env, '/x').allowPrivate).toBe(false);
    expect(settingsFrom({ allowPrivateAddresses: true }, {}, '/x').allowPrivate).toBe(true);
  });

  it.each([
    [{ threshold: '101' }, {}, /--threshold .* from 0 to 100/],
    [{ maxPages: 'all' }, {}, /--max-pages/],
    [{}, { JOBATO_PARAMS: '[]' }, /JSON object/],
    [{}, { JOBATO_PARAMS: '{' }, /not JSON/],
    [{}, { JOBATO_PARAMS: '{"sources":5}' }, /--sources .* must be a string/],
  ])('rejects %j with %j', (options, env, message) =>
    expect(() => settingsFrom(options, env, '/x')).toThrow(message),
  );
});
