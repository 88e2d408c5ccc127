import { flawOfArtifactName } from './artifact-name';

describe('flawOfArtifactName', () => {
  it.each([
    'a',
    'result.json',
    'reports/today.md',
    'a/b/c/d',
    '.hidden',
    '...',
    'a..b',
    'with space',
    'ärger-中文-🙂.txt',
    'C:',
    '%2e%2e',
    'x'.repeat(200),
  ])('accepts %j', (name) => expect(flawOfArtifactName(name)).toBeNull());

  it.each([
    '',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/..',
    './a',
    'a/./b',
    '/etc/passwd',
    '//a',
    'a//b',
    'a/',
    'a\\..\\b',
    'a\0b',
    'a\nb',
    'a\x7f',
    '\ud800',
    'n\u202ecod.exe',
    'a\u2066b',
    'a\u200bb',
    'a\u2028b',
    'a\u2029b',
    'x'.repeat(201),
    '中'.repeat(86),
  ])('rejects %j', (name) => expect(flawOfArtifactName(name)).toMatch(/^must /));
});
