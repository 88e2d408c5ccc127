import { randomBytes } from 'node:crypto';
import { RUN_ID } from '../../test/support/a-run';
import { seal, unseal } from './secret-seal';

describe('seal', () => {
  const key = randomBytes(32);
  const secrets = { token: 'swordfish', pin: '🐟\n"' };
  const sealed = seal(key, RUN_ID, secrets);

  it('encrypts secrets that the same key and run id decrypt', () => {
    expect(unseal(key, RUN_ID, sealed)).toEqual(secrets);
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('swordfish');
  });

  it('never gives the same result twice', () => expect(seal(key, RUN_ID, secrets)).not.toBe(sealed));

  it('hides the length of short values', () => {
    expect(seal(key, RUN_ID, { token: 'x' })).toHaveLength(sealed.length);
    const long = { token: 'x'.repeat(70_000) };
    expect(unseal(key, RUN_ID, seal(key, RUN_ID, long))).toEqual(long);
  });

  it.each([
    ['another key', () => unseal(randomBytes(32), RUN_ID, sealed)],
    ['another run', () => unseal(key, RUN_ID.replace(/1$/, '2'), sealed)],
    ['a changed byte', () => unseal(key, RUN_ID, `${sealed.slice(0, -8)}AAAAAAA=`)],
    ['a cut text', () => unseal(key, RUN_ID, sealed.slice(0, 20))],
    ['no text', () => unseal(key, RUN_ID, '')],
  ])('is not opened with %s', (_what, open) => expect(open()).toBeNull());
});
