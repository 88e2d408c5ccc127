import { asInHeader, hostName } from './host-name';

describe('hostName', () => {
  it.each([
    ['LocalHost:3000', 'localhost', true],
    ['[::1]:3000', '[::1]', true],
    ['127.1', '127.0.0.1', true],
    ['Tools.example.com', 'tools.example.com', false],
    ['192.168.1.2:80', '192.168.1.2', false],
  ])('finds the name in %s', (header, name, isLoopback) => {
    const first = hostName(header);
    expect(first).toEqual({ name, isLoopback });
    expect(hostName(header)).toBe(first); // not parsed again
  });

  it.each([
    ['a user name', 'user@host'],
    ['a path', 'host/path'],
    ['nothing', ''],
    ['no header', undefined],
    ['a name longer than any DNS name', `${'a'.repeat(300)}.example.com`],
  ])('rejects %s', (_what, header) => expect(hostName(header).name).toBeNull());
});

describe('asInHeader', () => {
  it.each([
    ['0:0:0:0:0:0:0:1', '[::1]'],
    ['[::1]', '[::1]'],
    ['Tools.Example.com', 'tools.example.com'],
  ])('turns %s into %s', (configured, sent) => expect(asInHeader(configured)).toBe(sent));
});
