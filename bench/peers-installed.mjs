import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./peers/', import.meta.url));

/** Installs the peers on first use; they have their own folder and lock file. @returns their versions */
export function peersInstalled() {
  if (!existsSync(`${FOLDER}node_modules`)) {
    process.stderr.write('installing peers into bench/peers …\n');
    const { status, stderr, error } = spawnSync('npm', ['ci'], { cwd: FOLDER, encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(
        `The peers cannot be installed, so nothing is measured beside them. Try: cd bench/peers && npm ci\n` +
          `${error ?? stderr}`,
      );
    }
  }
  const { version } = JSON.parse(readFileSync(`${FOLDER}node_modules/bullmq/package.json`, 'utf8'));
  return { bullmq: version };
}
