import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formSecret } from './form-secret';

describe('the secret of the forms', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'jobato-secret-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const of = (adminToken: string | null, dataDir = folder) => formSecret({ adminToken, dataDir });

  it('follows from the admin token, on every server alike, and does not show it', () => {
    expect(of('a token', join(folder, 'here'))).toBe(of('a token', join(folder, 'there')));
    expect(of('a token')).not.toBe(of('another'));
    expect(of('a token')).not.toContain('a token');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is kept with the data where there is no token, for the owner alone', () => {
    const dataDir = join(folder, 'data');
    const secret = of(null, dataDir);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(of(null, dataDir)).toBe(secret);
    expect(of(null)).not.toBe(secret);
    expect(readdirSync(dataDir)).toEqual(['form-secret']);
    expect(statSync(join(dataDir, 'form-secret')).mode & 0o777).toBe(0o600);
  });

  it.each(['', 'short', 'g'.repeat(64)])('is made anew where what is kept is none: "%s"', (kept) => {
    writeFileSync(join(folder, 'form-secret'), kept);
    const secret = of(null);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(of(null)).toBe(secret);
  });
});
