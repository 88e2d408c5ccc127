import { assertPublicHost, isPublicAddress, PrivateAddressError, publicLookup } from './address-check';

describe('isPublicAddress', () => {
  it.each(['93.184.216.34', '2606:2800:220:1::1', '::ffff:93.184.216.34'])('accepts %s', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'nonsense',
  ])('rejects %s', (address) => expect(isPublicAddress(address)).toBe(false));
});

it.each(['http://0x7f.1/', 'http://2130706433/', 'http://[::1]/', 'http://192.168.0.1:80/'])(
  'refuses %s',
  (url) => expect(() => assertPublicHost(new URL(url))).toThrow(PrivateAddressError),
);

it('refuses a name that resolves to a private address', (done) => {
  publicLookup('localhost', { all: true }, (error) => {
    expect(error).toBeInstanceOf(PrivateAddressError);
    done();
  });
});
