// Checks the tools that the tests need in addition to Node packages, and installs missing ones where possible.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import languages from '../support/languages.cjs';

const BROWSERS = [
  process.env.CHROMIUM,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

function findBrowser() {
  return BROWSERS.find((path) => {
    try {
      accessSync(path ?? '', constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function aptInstall(...names) {
  const options = {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  const run = (...args) => spawnSync('apt-get', args, options).status === 0;
  return process.getuid?.() === 0 && run('-qq', 'update') && run('-qq', '-y', 'install', ...names);
}

if (!/headless/.test(findBrowser() ?? '') && !process.env.CHROMIUM) {
  console.log('No chromium-headless-shell found; trying to install it with apt-get …');
  if (!aptInstall('chromium-headless-shell') && !findBrowser()) aptInstall('chromium');
}
if (!findBrowser()) {
  console.error(
    'The tests of the pages need Chromium, and there is none. Install it (Debian: apt-get install chromium-headless-shell), or set ' +
      'CHROMIUM to the path of a Chromium or Chrome.',
  );
  process.exit(1);
}

function findRedis() {
  const given = process.env.REDIS_SERVER ?? 'redis-server';
  return spawnSync(given, ['--version'], { stdio: 'ignore' }).status === 0;
}

if (!findRedis()) {
  console.log('No redis-server found; trying to install it with apt-get …');
  aptInstall('redis-server');
}
if (!findRedis()) {
  console.error(
    'The tests start a Redis of their own, and there is no redis-server. Install it (Debian: apt-get install ' +
      'redis-server), or set REDIS_SERVER to the path of one, 7.0 or later.',
  );
  process.exit(1);
}

// The example workers run if their language is installed; otherwise their tests are skipped with a message.
if (!languages.pythonWithRedis()) {
  console.log('No Python that can import redis found; trying to install python3-redis with apt-get …');
  aptInstall('python3-redis');
}
if (languages.missingForBash().length > 0) {
  console.log(`No ${languages.missingForBash().join(', ')} found; trying to install it with apt-get …`);
  aptInstall('redis-tools', 'jq', 'curl');
}

// Servers run behind these proxies; the tests of a missing proxy are skipped with a message.
const PACKAGES_OF_PROXIES = { nginx: 'nginx-light', caddy: 'caddy', haproxy: 'haproxy' };
const missingProxies = Object.keys(PACKAGES_OF_PROXIES).filter((program) => !hasProgram(program));
if (missingProxies.length > 0) {
  console.log(`No ${missingProxies.join(', ')} found; trying to install with apt-get …`);
  aptInstall(...missingProxies.map((program) => PACKAGES_OF_PROXIES[program]));
}

function hasProgram(program) {
  // Debian installs some of them in folders that only root's PATH contains.
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
  return spawnSync(program, ['-v'], { env, stdio: 'ignore' }).error === undefined;
}
