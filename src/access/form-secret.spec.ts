import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formSecret } from './form-secret';

describe('formSecret', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'jobato-secret-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const of = (adminToken: string | null, dataDir = folder) => formSecret({ adminToken, dataDir });

  it('derives from the admin token alone, does not contain it and writes no file', () => {
    expect(of('a token', join(folder, 'here'))).toBe(of('a token', join(folder, 'there')));
    expect(of('a token')).not.toBe(of('another'));
    expect(of('a token')).not.toContain('a token');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stores a random secret in the data folder, readable by its owner only, if there is no admin token', () => {
    const dataDir = join(folder, 'data');
    const secret = of(null, dataDir);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(of(null, dataDir)).toBe(secret);
    expect(of(null)).not.toBe(secret);
    expect(readdirSync(dataDir)).toEqual(['form-secret']);
    expect(statSync(join(dataDir, 'form-secret')).mode & 0o777).toBe(0o600);
  });

  it.each(['', 'short', 'g'.repeat(64)])('replaces an invalid stored secret: "%s"', (kept) => {
    writeFileSync(join(folder, 'form-secret'), kept);
    const secret = of(null);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(of(null)).toBe(secret);
  });
});
