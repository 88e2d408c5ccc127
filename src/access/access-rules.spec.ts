import {
  type AccessPolicy,
  type AccessRequest,
  decideAccess,
  isAccepted,
  matchesAny,
  waitWords,
} from './access-rules';

const TOKEN = 'a-long-admin-token';
const KEYS = ['first-key', 'second-key'];
const LONG_KEY = 'a-worker-key-of-a-length';

const open: AccessPolicy = {
  host: '127.0.0.1',
  allowedHosts: [],
  publicUrl: null,
  corsOrigins: [],
  adminToken: null,
  apiKeys: [],
};
const closed: AccessPolicy = { ...open, adminToken: TOKEN, apiKeys: KEYS };

const ask = (more: Partial<AccessRequest> = {}): AccessRequest => ({
  method: 'GET',
  path: '/api/runs',
  host: 'localhost:3000',
  forwardedHost: 'localhost:3000',
  origin: undefined,
  secFetchSite: undefined,
  isSecure: false,
  authorization: undefined,
  apiKey: undefined,
  hasSession: false,
  waitSeconds: 0,
  keyWaitSeconds: 0,
  ...more,
});
const codeOf = (request: Partial<AccessRequest>, policy: AccessPolicy) => {
  const decision = decideAccess(ask(request), policy);
  return decision.allowed ? 'allowed' : decision.code;
};

describe('Host header', () => {
  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST:3000',
    '127.0.0.1',
    '127.0.0.1:3000',
    '127.9.9.9:80',
    '[::1]',
    '[::1]:3000',
    '[0:0:0:0:0:0:0:1]:3000',
  ])('accepts a loopback name: %s', (host) => expect(codeOf({ host }, open)).toBe('allowed'));

  it.each([
    undefined,
    '',
    ' ',
    'localhost.evil.com',
    'localhost.',
    'evil.com',
    'evil.com:3000',
    '127.0.0.1.evil.com',
    '127.evil.com',
    '10.0.0.1:3000',
    '0.0.0.0:3000',
    '[::ffff:10.0.0.1]',
    '[::2]:3000',
    'localhost@evil.com',
    'evil.com@localhost',
    'user:password@localhost',
    'localhost/evil.com',
    'evil.com#localhost',
    'evil.com?localhost',
    'evil.com\\localhost',
    'localhost, evil.com',
    'localhost:3000:3000',
    'localhost:port',
    'localhost:99999',
    'localhost\n',
    '[::1',
    'ⓛocalhost',
  ])('rejects an unknown name: %j', (host) => {
    expect(codeOf({ host }, open)).toBe('MISDIRECTED_REQUEST');
    expect(codeOf({ host, authorization: `Bearer ${TOKEN}` }, closed)).toBe('MISDIRECTED_REQUEST');
    for (const path of ['/api/health', '/api/health/live/', '/API/health/live', '/login', '/assets/x.js']) {
      expect(codeOf({ host, path }, closed)).toBe('MISDIRECTED_REQUEST');
    }
  });

  it.each(['10.0.0.1:3000', 'jobato-blue', 'evil.com', '', undefined])(
    'accepts any name for a health probe: %j',
    (host) => {
      for (const path of ['/api/health/live', '/api/health/ready']) {
        expect(codeOf({ host, path }, closed)).toBe('allowed');
      }
    },
  );

  it.each([
    ['an allowed name', 'tools.example.com', { allowedHosts: ['tools.example.com'] }],
    ['an allowed name with a port', 'tools.example.com:8443', { allowedHosts: ['tools.example.com'] }],
    ['an allowed name in upper case', 'Tools.Example.COM', { allowedHosts: ['tools.example.com'] }],
    ['the address that the server listens on', '192.168.1.5:3000', { host: '192.168.1.5' }],
    ['the name that the server listens on', 'tools:3000', { host: 'Tools' }],
    ['the IPv6 address that the server listens on', '[fd00::5]:3000', { host: 'fd00::5' }],
    [
      'the IPv6 address that the server listens on, in another spelling',
      '[fd00::5]:3000',
      { host: 'FD00:0::5' },
    ],
    ['the name of the public address', 'x.example:80', { publicUrl: 'https://x.example:8443/jobato' }],
    ['a subdomain of an allowed domain', 'a.b.example.com', { allowedHosts: ['.example.com'] }],
    ['an allowed IPv6 address', '[fd00::5]:3000', { allowedHosts: ['fd00::5'] }],
    ['an allowed IPv6 address in brackets', '[fd00::5]', { allowedHosts: ['[fd00::5]'] }],
  ])('accepts %s', (_what, host, policy) => expect(codeOf({ host }, { ...open, ...policy })).toBe('allowed'));

  it.each([
    ['a subdomain of an allowed name', 'evil.tools.example.com'],
    ['a name that ends like an allowed one', 'eviltools.example.com'],
    ['a name that begins like an allowed one', 'tools.example.com.evil.com'],
  ])('rejects %s', (_what, host) =>
    expect(codeOf({ host }, { ...open, allowedHosts: ['tools.example.com'] })).toBe('MISDIRECTED_REQUEST'),
  );
});

describe('cross-site check of a write', () => {
  const write = (more: Partial<AccessRequest>) => ask({ method: 'POST', ...more });
  const decide = (more: Partial<AccessRequest>, policy = open) => {
    const decision = decideAccess(write(more), policy);
    return decision.allowed ? 'allowed' : decision.code;
  };

  it.each<[string, Partial<AccessRequest>]>([
    ['a client that is not a browser', {}],
    ['a page of ours', { origin: 'http://localhost:3000', secFetchSite: 'same-origin' }],
    ['a page of ours that sends only Origin', { origin: 'http://localhost:3000' }],
    ['a page of ours, with an upper-case Host', { origin: 'http://localhost:3000', host: 'LOCALHOST:3000' }],
    ['a page of ours behind a proxy that terminates TLS', { origin: 'https://localhost:3000' }],
    ['a page of ours over HTTPS', { origin: 'https://localhost:3000', isSecure: true }],
    ['the address bar', { secFetchSite: 'none' }],
    [
      'a page of ours behind a proxy that changes Host',
      { origin: 'https://jobato.example', secFetchSite: 'same-origin' },
    ],
    [
      'a page of ours behind a trusted proxy',
      { origin: 'https://jobato.example', forwardedHost: 'jobato.example' },
    ],
    [
      'a page of ours behind a trusted proxy, at a port',
      { origin: 'http://jobato.example:8080', forwardedHost: 'Jobato.Example:8080' },
    ],
  ])('accepts a write from %s', (_what, request) => expect(decide(request)).toBe('allowed'));

  it.each<[string, Partial<AccessRequest>]>([
    ['another site', { secFetchSite: 'cross-site' }],
    ['another name of the same site', { secFetchSite: 'same-site' }],
    ['another site that sends only Origin', { origin: 'https://evil.com' }],
    ['another port of this machine', { origin: 'http://localhost:8080' }],
    ['this machine by another name', { origin: 'http://127.0.0.1:3000' }],
    ['our own name over HTTP, on an HTTPS server', { origin: 'http://localhost:3000', isSecure: true }],
    ['our own name with another scheme', { origin: 'ftp://localhost:3000', isSecure: true }],
    ['an opaque origin', { origin: 'null' }],
    ['an invalid origin', { origin: 'localhost:3000' }],
    ['an empty origin', { origin: '' }],
    ['an origin with our name as the user', { origin: 'http://localhost:3000@evil.com' }],
    ['an unknown Sec-Fetch-Site', { origin: 'http://localhost:3000', secFetchSite: 'unknown' }],
    ['another origin, with Sec-Fetch-Site: none', { origin: 'https://evil.com', secFetchSite: 'none' }],
    ['another port of a trusted proxy', { origin: 'http://x.example:8080', forwardedHost: 'x.example' }],
    ['a site that claims our origin', { origin: 'http://localhost:3000', secFetchSite: 'cross-site' }],
  ])('rejects a write from %s', (_what, request) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'post', 'PROPFIND']) {
      expect(decide({ ...request, method })).toBe('FORBIDDEN');
    }
    expect(decide({ ...request, authorization: `Bearer ${TOKEN}` }, closed)).toBe('FORBIDDEN');
    expect(decide({ ...request, hasSession: true }, closed)).toBe('FORBIDDEN');
    expect(decide({ ...request, path: '/api/internal/events', apiKey: KEYS[0] }, closed)).toBe('FORBIDDEN');
    expect(decide({ ...request, path: '/login' }, closed)).toBe('FORBIDDEN');
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('accepts %s from any site', (method) =>
    expect(decide({ method, origin: 'https://evil.com', secFetchSite: 'cross-site' })).toBe('allowed'),
  );

  const PUBLIC = { ...open, publicUrl: 'https://tools.example.com:8443/jobato' };
  const NAMED = { ...open, allowedHosts: ['tools.example.com', '.internal.example'] };
  it.each<[string, string, string, AccessPolicy]>([
    ['allowed', 'https://tools.example.com:8443', 'backend:3000', PUBLIC],
    ['FORBIDDEN', 'http://tools.example.com:8443', 'backend:3000', PUBLIC],
    ['FORBIDDEN', 'https://tools.example.com', 'backend:3000', PUBLIC],
    ['FORBIDDEN', 'https://evil.com', 'tools.example.com:8443', PUBLIC],
    ['allowed', 'https://tools.example.com', '127.0.0.1:3000', NAMED],
    ['allowed', 'http://tools.example.com', '127.0.0.1:3000', NAMED],
    ['allowed', 'http://a.internal.example', '127.0.0.1:3000', NAMED],
    ['FORBIDDEN', 'http://internal.example', '127.0.0.1:3000', NAMED],
    // A server of another user on another port of the same machine.
    ['FORBIDDEN', 'http://tools.example.com:8080', '127.0.0.1:3000', NAMED],
    ['FORBIDDEN', 'http://tools.example.com', 'tools.example.com:3000', NAMED],
    ['FORBIDDEN', 'https://tools.example.com.evil.com', '127.0.0.1:3000', NAMED],
  ])('returns %s for origin %s and host %s', (expected, origin, host, policy) => {
    const named = { ...policy, host: 'backend' };
    expect(decide({ origin, host, forwardedHost: host }, named)).toBe(expected);
    const secFetchSite = 'cross-site';
    expect(decide({ origin, host, forwardedHost: host, secFetchSite }, named)).toBe('FORBIDDEN');
  });

  it('accepts an origin in CORS_ORIGINS and rejects all others', () => {
    const policy = { ...open, corsOrigins: ['https://tools.example.com'] };
    expect(decide({ origin: 'https://tools.example.com', secFetchSite: 'cross-site' }, policy)).toBe(
      'allowed',
    );
    expect(decide({ origin: 'http://tools.example.com', secFetchSite: 'cross-site' }, policy)).toBe(
      'FORBIDDEN',
    );
    expect(decide({ origin: 'https://tools.example.com:8443' }, policy)).toBe('FORBIDDEN');
    expect(decide({ origin: 'null' }, policy)).toBe('FORBIDDEN');
  });

  it('requires the admin token from an origin in CORS_ORIGINS', () =>
    expect(
      decide(
        { origin: 'https://tools.example.com' },
        { ...closed, corsOrigins: ['https://tools.example.com'] },
      ),
    ).toBe('UNAUTHORIZED'));
});

describe('worker endpoint', () => {
  const INTERNAL = [
    '/api/internal/events',
    '/api/internal',
    '/api/internal/',
    '/API/internal/events',
    '/api/INTERNAL/events',
    '/api//internal/events',
    '//api/internal/events',
    '/api/%69nternal/events',
    '/%61pi/internal/events',
    '/api%2finternal/events',
    '/api/internal/%ff',
    '/api/internal/runs/claim?x=1',
  ];

  it.each(INTERNAL)('requires a worker key for every spelling of the path: %s', (path) => {
    expect(codeOf({ path, method: 'POST' }, open)).toBe('UNAUTHORIZED');
    expect(codeOf({ path, method: 'POST', apiKey: 'wrong' }, closed)).toBe('UNAUTHORIZED');
    expect(codeOf({ path, method: 'POST', apiKey: KEYS[0] }, closed)).toBe('allowed');
  });

  it.each(INTERNAL)('rejects the admin token and a session: %s', (path) => {
    expect(codeOf({ path, authorization: `Bearer ${TOKEN}` }, closed)).toBe('UNAUTHORIZED');
    expect(codeOf({ path, hasSession: true }, closed)).toBe('UNAUTHORIZED');
  });

  it.each(KEYS)('accepts each of several keys: %s', (apiKey) =>
    expect(codeOf({ path: '/api/internal/events', apiKey }, closed)).toBe('allowed'),
  );

  it.each(['', 'first', 'first-key ', 'FIRST-KEY', 'first-key,second-key', 'undefined', TOKEN])(
    'rejects any other key: %j',
    (apiKey) => expect(codeOf({ path: '/api/internal/events', apiKey }, closed)).toBe('UNAUTHORIZED'),
  );

  it.each([undefined, '', 'undefined', 'null'])('rejects the key %j when no key is configured', (apiKey) =>
    expect(codeOf({ path: '/api/internal/events', apiKey }, open)).toBe('UNAUTHORIZED'),
  );

  it('is the only endpoint that accepts a worker key', () =>
    expect(codeOf({ path: '/api/runs', apiKey: KEYS[0] }, closed)).toBe('UNAUTHORIZED'));
});

describe('admin token', () => {
  it.each([
    '/',
    '/api/runs',
    '/api/docs',
    '/api/openapi.json',
    '/api/health',
    '/api/metrics',
    '/nowhere',
    '/runs/1',
  ])('is required for %s when configured', (path) => {
    expect(codeOf({ path }, closed)).toBe('UNAUTHORIZED');
    expect(codeOf({ path, authorization: `Bearer ${TOKEN}` }, closed)).toBe('allowed');
    expect(codeOf({ path, hasSession: true }, closed)).toBe('allowed');
    expect(codeOf({ path }, open)).toBe('allowed');
  });

  it.each([
    '/api/health/live',
    '/api/health/ready',
    '/login',
    '/assets/css/base.css',
    '/assets/htmx/htmx.min.js',
  ])('is not required for %s', (path) => expect(codeOf({ path }, closed)).toBe('allowed'));

  it.each([
    '/api/health/live/',
    '/api/health/live/../../runs',
    '/api/health/LIVE',
    '/api//health/live',
    '/API/health/ready',
    '/api/health/ready;x',
    '/api/health/%6cive',
    '/login/',
    '/Login',
    '/login/../runs',
    '/logout',
    '/assets',
    '/Assets/css/base.css',
    '/assets/../api/runs',
    '/assets/..%2fapi/runs',
    '/assets/%2e%2e/api/runs',
    '/assets/..\\api',
    '/assets//etc/passwd',
    '//assets/css/base.css',
    '/x/assets/css/base.css',
  ])('is required for %s, which only resembles a public path', (path) =>
    expect(codeOf({ path }, closed)).toBe('UNAUTHORIZED'),
  );

  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `Bearer  ${TOKEN} `])('is accepted as %j', (authorization) =>
    expect(codeOf({ authorization }, closed)).toBe('allowed'),
  );

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    'Bearer undefined',
    'Bearer null',
    `Token Bearer ${TOKEN}`,
    `Bearer ${KEYS[0]}`,
  ])('is rejected as %j', (authorization) => expect(codeOf({ authorization }, closed)).toBe('UNAUTHORIZED'));
});

describe('address with too many wrong tokens', () => {
  const waiting = (more: Partial<AccessRequest>) =>
    decideAccess(ask({ waitSeconds: 90, authorization: `Bearer ${TOKEN}`, ...more }), closed);

  it('rejects a wrong token, and a correct short one, and returns the wait time', () => {
    const short = { ...closed, adminToken: 'fifteen-letters' };
    const withShort = ask({ waitSeconds: 90, authorization: 'Bearer fifteen-letters' });
    for (const decision of [
      decideAccess(withShort, short),
      waiting({ authorization: 'Bearer wrong' }),
      waiting({ authorization: `Bearer ${TOKEN}x` }),
    ]) {
      expect(decision).toEqual({
        allowed: false,
        code: 'TOO_MANY_REQUESTS',
        detail: expect.stringContaining('Wait 2 minutes'),
        retryAfterSeconds: 90,
      });
    }
  });

  it.each<[string, Partial<AccessRequest>]>([
    ['has the token, which is long', {}],
    ['has a session', { hasSession: true, authorization: undefined }],
    ['has a session and a wrong token', { hasSession: true, authorization: 'Bearer wrong' }],
    ['asks for a public path', { path: '/api/health/live' }],
    ['is a worker with its key', { path: '/api/internal/events', apiKey: KEYS[0] }],
  ])('allows a request that %s', (_what, request) =>
    expect(waiting(request)).toMatchObject({ allowed: true }),
  );

  it('allows /login, marked as outside unless the request has a session', () => {
    const path = '/login';
    expect(waiting({ path })).toMatchObject({ isOutside: true });
    expect(waiting({ path, hasSession: true })).toEqual({ allowed: true });
  });

  it('returns UNAUTHORIZED for a request without a token', () =>
    expect(waiting({ authorization: undefined })).toMatchObject({ code: 'UNAUTHORIZED' }));
});

describe('address with too many wrong worker keys', () => {
  const call = (more: Partial<AccessRequest>, policy = { ...closed, apiKeys: [LONG_KEY, 'short'] }) =>
    decideAccess(ask({ path: '/api/internal/events', keyWaitSeconds: 90, ...more }), policy);

  it('allows a request with a long key', () =>
    expect(call({ apiKey: LONG_KEY })).toEqual({ allowed: true, byKey: true }));

  it.each(['short', 'wrong', `${LONG_KEY}x`])('rejects a request with the key %s', (apiKey) =>
    expect(call({ apiKey })).toEqual({
      allowed: false,
      code: 'TOO_MANY_REQUESTS',
      detail: expect.stringMatching(/Too many wrong keys. Wait 2 minutes/),
      retryAfterSeconds: 90,
    }),
  );

  it('returns UNAUTHORIZED for a request without a key', () => {
    for (const apiKey of [undefined, '']) {
      expect(call({ apiKey })).toMatchObject({ code: 'UNAUTHORIZED' });
      expect(call({ apiKey })).not.toHaveProperty('wrongKey');
    }
  });

  it('allows a request with the admin token', () =>
    expect(call({ path: '/api/runs', authorization: `Bearer ${TOKEN}` })).toMatchObject({ allowed: true }));
});

describe('wrong worker key', () => {
  const call = (policy: AccessPolicy) =>
    decideAccess(ask({ path: '/api/internal/events', apiKey: 'wrong' }), policy);

  it('counts as a guess', () => expect(call(closed)).toMatchObject({ wrongKey: 'wrong' }));

  it('does not count as a guess when no key is configured', () =>
    expect(call({ ...closed, apiKeys: [] })).not.toHaveProperty('wrongKey'));
});

const SIXTEEN = 'sixteen-letters!';
it.each([
  ['a long one', SIXTEEN, 0, true],
  ['a long one while its address waits', SIXTEEN, 90, true],
  ['a short one', SIXTEEN.slice(1), 0, true],
  ['a short one while its address waits', SIXTEEN.slice(1), 90, false],
  ['a wrong long one', `${SIXTEEN}x`, 0, false],
  ['a wrong long one while its address waits', `${SIXTEEN}x`, 90, false],
  ['none', undefined, 0, false],
  ['an empty one', '', 90, false],
])('checks a secret for acceptance: %s', (_what, given, waitSeconds, expected) =>
  expect(isAccepted(given, [SIXTEEN, SIXTEEN.slice(1)], waitSeconds)).toBe(expected),
);

describe('guess', () => {
  const guessAt = (more: Partial<AccessRequest>) => decideAccess(ask(more), closed);

  it('includes a wrong bearer token', () =>
    expect(guessAt({ authorization: 'Bearer wrong' })).toMatchObject({ wrongToken: 'wrong' }));

  it.each<[string, Partial<AccessRequest>]>([
    ['no token', {}],
    ['another authorization scheme', { authorization: 'Basic wrong' }],
    ['a wrong token on a public path', { path: '/login', authorization: 'Bearer wrong' }],
    ['a wrong key of a worker', { path: '/api/internal/events', apiKey: 'wrong' }],
    ['the right token', { authorization: `Bearer ${TOKEN}` }],
  ])('excludes %s', (_what, request) => expect(guessAt(request)).not.toHaveProperty('wrongToken'));

  it.each([
    [1, '1 second'],
    [59, '59 seconds'],
    [60, '1 minute'],
    [61, '2 minutes'],
    [300, '5 minutes'],
  ])('formats a wait of %d seconds in words', (seconds, words) => expect(waitWords(seconds)).toBe(words));
});

describe('matchesAny', () => {
  it.each<[string | undefined, string[], boolean]>([
    ['b', ['a', 'b'], true],
    ['a', ['a', 'b'], true],
    ['c', ['a', 'b'], false],
    ['a', [], false],
    ['', [], false],
    [undefined, [''], false],
    ['ü', ['ü'], true],
  ])('checks %j against %j: %s', (given, secrets, expected) =>
    expect(matchesAny(given, secrets)).toBe(expected),
  );
});
