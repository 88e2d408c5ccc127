import { isLoopback, parseAddress } from './ip-address';

it.each(['fe80::1', 'fe80::1%eth0', 'fe80::1%eth0.100', 'fe80::1%br-0a1b2c'])(
  'an address with any zone is parsed: %s',
  (text) => expect(parseAddress(text)?.toString()).toBe('fe80::1'),
);

describe('isLoopback', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.255.0.9', '::1', '[::1]', '0:0:0:0:0:0:0:1'])(
    'returns true for %j',
    (host) => expect(isLoopback(host)).toBe(true),
  );

  it.each([
    '',
    '127',
    '127.0.0',
    '1270.0.0.1',
    '128.0.0.1',
    '127.0.0.1:80',
    '::',
    '::ffff:127.0.0.1',
    'localhost.',
    '127.1',
    '0x7f000001',
    '2130706433',
    'xlocalhost',
  ])('returns false for %j', (host) => expect(isLoopback(host)).toBe(false));
});
