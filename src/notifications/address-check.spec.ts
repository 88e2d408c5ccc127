import { assertPublicHost, isPublicAddress, PrivateAddressError, publicLookup } from './address-check';

it.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.167.255.255',
  '100.63.255.255',
  '100.128.0.1',
  '2606:4700::1111',
  '2a00:1450:4001::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

it.each([
  // this machine and this network
  '0.0.0.0',
  '0.1.2.3',
  '127.0.0.1',
  '127.255.255.254',
  '::1',
  '::',
  // private, shared, link-local (with the metadata services of clouds)
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  // multicast, broadcast, reserved
  '224.0.0.1',
  '239.255.255.250',
  '255.255.255.255',
  '240.0.0.1',
  'ff02::1',
  '4000::1',
  // documentation, benchmarks, relays
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '192.88.99.1',
  '2001:db8::1',
  '3fff::1',
  '2001:2::1',
  '100::1',
  // IPv4 inside IPv6: mapped, translated, compatible, NAT64, local NAT64, 6to4, Teredo
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:0:127.0.0.1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::a00:1',
  '64:ff9b:1::7f00:1',
  '64:ff9b:1::808:808',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '2002:808:808::1',
  '2001:0:808:808::1',
  // no address at all
  'localhost',
  '127.1',
  '',
])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));

it.each([
  'http://127.0.0.1/',
  'http://127.1/',
  'http://0x7f.0.0.1/',
  'http://0177.0.0.1/',
  'http://2130706433/',
  'http://0/',
  'http://[::1]/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:ffff:127.0.0.1]/',
  'http://①②⑦.0.0.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://user:password@10.0.0.1:8080/',
])('%s is refused without a look-up', (url) => {
  expect(() => assertPublicHost(new URL(url))).toThrow(PrivateAddressError);
});

it('leaves names to the look-up', () => {
  expect(() => assertPublicHost(new URL('http://localhost/'))).not.toThrow();
  expect(() => assertPublicHost(new URL('http://8.8.8.8/'))).not.toThrow();
});

it.each([{ all: true }, { all: false }, {}])(
  'refuses a name that leads to this machine (%j)',
  async (options) => {
    const error = await new Promise((resolve) => publicLookup('localhost', options, resolve));
    expect(error).toBeInstanceOf(PrivateAddressError);
  },
);
