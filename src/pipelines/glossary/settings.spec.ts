import { settingsFrom } from './settings';

const env = (params: unknown, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  JOBATO_PARAMS: JSON.stringify(params),
  ...more,
});

describe('settingsFrom', () => {
  it('has default values', () => {
    expect(settingsFrom({}, {}, '/repo')).toMatchObject({
      docs: 'docs',
      terms: null,
      work: '/repo/data/work/glossary',
      out: null,
      runDir: null,
      maxTerms: 200,
    });
  });

  it('prefers options to parameters, and parameters to defaults', () => {
    const settings = settingsFrom(
      { docs: 'a', maxTerms: '7' },
      env({ docs: 'b', maxTerms: 8, title: 'T', terms: '' }),
      '/repo',
    );
    expect(settings).toMatchObject({ docs: 'a', maxTerms: 7, title: 'T', terms: null });
  });

  it('uses the folders given by Jobato', () => {
    const given = env({}, { JOBATO_WORK_DIR: 'data/work/g', JOBATO_RUN_DIR: '/runs/1' });
    expect(settingsFrom({}, given, '/repo')).toMatchObject({ work: '/repo/data/work/g', runDir: '/runs/1' });
    expect(settingsFrom({ work: 'w' }, given, '/repo').work).toBe('/repo/w');
  });

  it.each([
    [{ maxTerms: 0 }, /--max-terms \(parameter maxTerms\) must be a number from 1 to 2000/],
    [{ maxTerms: 1.5 }, /whole number/],
    [{ minConfidence: 'much' }, /--min-confidence/],
    [{ docs: 7 }, /must be a string/],
    [[], /must be a JSON object/],
  ])('rejects %j', (params, message) =>
    expect(() => settingsFrom({}, env(params), '/repo')).toThrow(message),
  );
});
