import { browserCommand } from './browser';

const ADDRESS = 'http://127.0.0.1:3000/runs/1?a=b&c=$(id)';

it.each([
  ['linux', { DISPLAY: ':0' }, ['xdg-open', ADDRESS]],
  ['freebsd', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', ADDRESS]],
  ['linux', {}, null],
  ['darwin', {}, ['open', ADDRESS]],
  ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler', ADDRESS]],
  ['linux', { BROWSER: '/opt/my browser' }, ['/opt/my browser', ADDRESS]],
] as const)('opens an address on %s with %j', (platform, environment, command) =>
  expect(browserCommand(ADDRESS, platform, environment)).toEqual(command),
);
