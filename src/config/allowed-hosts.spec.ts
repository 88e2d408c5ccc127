import { allowsHost, flawOfAllowedHost } from './allowed-hosts';

it.each([
  'jobato',
  'jobato.example.com',
  '.example.com',
  '10.0.0.5',
  '::1',
  '[fd00::5]',
  'a_b-c.x',
  'J.Example',
])('accepts %j', (entry) => expect(flawOfAllowedHost(entry)).toBeNull());

it.each([
  ['*', 'List the names'],
  ['*.example.com', '.example.com'],
  ['https://jobato.example.com', 'without a scheme'],
  ['jobato.example.com/', 'without a scheme or path'],
  ['jobato.example.com:3000', 'without a port'],
  ['jobato..example', 'is not a host name'],
  ['..example.com', 'is not a host name'],
  ['.', 'is not a host name'],
  ['jobato.', 'is not a host name'],
  ['-jobato', 'is not a host name'],
  ['user@jobato', 'is not a host name'],
  ['jobato example', 'is not a host name'],
])('rejects %j, which can never match', (entry, flaw) => expect(flawOfAllowedHost(entry)).toContain(flaw));

it.each([
  ['jobato.example.com', 'jobato.example.com', true],
  ['jobato.example.com', 'x.jobato.example.com', false],
  ['.example.com', 'jobato.example.com', true],
  ['.example.com', 'a.b.example.com', true],
  ['.example.com', 'example.com', false],
  ['.example.com', '.example.com', false],
  ['.example.com', 'evilexample.com', false],
  ['.example.com', 'jobato.example.com.evil.com', false],
])('entry %j allows host %j: %s', (entry, name, expected) => expect(allowsHost(entry, name)).toBe(expected));
