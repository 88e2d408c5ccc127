import { safeLink } from './safe-link';

describe('a foreign link', () => {
  it.each([
    ['https://example.com/a?b=c#d', 'https://example.com/a?b=c#d', 'example.com'],
    [' http://example.com:8080 ', 'http://example.com:8080/', 'example.com:8080'],
    ['HTTPS://EXAMPLE.com/"><script>', 'https://example.com/%22%3E%3Cscript%3E', 'example.com'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC', 'xn--bcher-kva.example'],
  ])('%s is an address', (text, href, host) => expect(safeLink(text)).toEqual({ href, host }));

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)//http://example.com',
    'java\nscript:alert(1)',
    'https://exam\nple.com',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'ftp://example.com',
    '//example.com',
    '/projects/jobs',
    'https:example.com',
    'https:///example.com',
    'https:\\\\example.com',
    'https://bank.example@evil.example',
    'https://user:secret@evil.example',
    'https://',
    'https://exa mple.com',
    'https://example.com/\u202Egpj.exe',
    `https://example.com/${'a'.repeat(2000)}`,
    '',
    'Baker',
  ])('%j is text', (text) => expect(safeLink(text)).toBeNull());
});
