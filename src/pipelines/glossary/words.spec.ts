import { isAcronym, isIdentifier, singular, slug, squeezedKey, termKey } from './words';

describe('words', () => {
  it.each([
    ['pipelines', 'pipeline'],
    ['dependencies', 'dependency'],
    ['branches', 'branch'],
    ['caches', 'cache'],
    ['processes', 'process'],
    ['statuses', 'status'],
    ['aliases', 'alias'],
    ['databases', 'database'],
    ['indices', 'index'],
    ['status', 'status'],
    ['redis', 'redis'],
    ['analysis', 'analysis'],
    ['https', 'https'],
    ['ids', 'id'],
  ])('singularizes %s to %s', (plural, expected) => expect(singular(plural)).toBe(expected));

  it('maps all spellings of a term to one key', () => {
    for (const spelling of ['log level', 'Log Levels', 'log-level', '`log levels`', "log level's"]) {
      expect(termKey(spelling)).toBe('log level');
    }
    expect(termKey('http')).not.toBe(termKey('https'));
    expect(squeezedKey('logLevel')).toBe(squeezedKey('log level'));
  });

  it('distinguishes acronyms and identifiers from words', () => {
    expect(['SSE', 'APIs', 'CI', 'XML2'].every(isAcronym)).toBe(true);
    expect(['Nest', 'A', 'lease'].some(isAcronym)).toBe(false);
    expect(['poolSize', 'MAX_AGE', 'app.use', '--force', '@nestjs/core'].every(isIdentifier)).toBe(true);
    expect(['lease', 'pool size', 'SSE'].some(isIdentifier)).toBe(false);
  });

  it('makes anchors from words', () =>
    expect(slug('Server-Sent Events (SSE)')).toBe('server-sent-events-sse'));
});
