import { aParam } from '../../test/support/a-run';
import { unmaskedSecretNotes } from './unmasked-secrets';

it('names secrets that are not masked, without their values', () => {
  const secret = aParam({ type: 'secret' });
  const specs = { token: secret, pin: secret, flag: secret, other: secret, text: aParam({ type: 'string' }) };
  expect(unmaskedSecretNotes(specs, { token: 'swordfish', pin: 'xq7', flag: 'True', text: 'abc' })).toEqual([
    expect.stringContaining('pin has fewer than 4 characters'),
    expect.stringContaining('flag is true or false'),
  ]);
});
