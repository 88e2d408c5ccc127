import { publicAddress } from './public-address';

it.each<[string | null, string | null, string | null, string]>([
  [null, null, null, ''],
  ['https://jobato.example.com', null, 'https://jobato.example.com', ''],
  ['https://jobato.example.com/', '/', 'https://jobato.example.com', ''],
  ['https://Tools.Example.com:443/jobato/', null, 'https://tools.example.com/jobato', '/jobato'],
  ['http://tools.example.com:8080/jobato', '/jobato/', 'http://tools.example.com:8080/jobato', '/jobato'],
  [null, '/jobato/', null, '/jobato'],
])('reads PUBLIC_URL %j and BASE_PATH %j', (url, path, publicUrl, basePath) =>
  expect(publicAddress(url, path)).toEqual({ publicUrl, basePath, flaws: [] }),
);

it.each([
  [
    'https://tools.example.com/jobato',
    '/other',
    'BASE_PATH is /other, but the path of PUBLIC_URL is /jobato',
  ],
  ['https://tools.example.com', '/jobato', 'BASE_PATH is /jobato, but the path of PUBLIC_URL is /'],
  ['https://tools.example.com/jobato', '/', 'BASE_PATH is /, but the path of PUBLIC_URL is /jobato'],
  ['https://tools.example.com/runs', null, 'The path of PUBLIC_URL must not begin with /runs'],
  [null, 'jobato', 'BASE_PATH must be a path'],
  ['tools.example.com', null, 'PUBLIC_URL must be a URL'],
  ['ftp://tools.example.com', null, 'PUBLIC_URL must be a URL'],
  ['https://user:secret@tools.example.com', null, 'PUBLIC_URL must be a URL'],
  ['https://tools.example.com/?a', null, 'PUBLIC_URL must be a URL'],
])('rejects PUBLIC_URL %j with BASE_PATH %j', (url, path, reason) => {
  const { flaws } = publicAddress(url, path);
  expect(flaws.map(({ text }) => text)).toEqual([expect.stringContaining(reason)]);
  expect(flaws[0]!.text).not.toContain('secret');
});
