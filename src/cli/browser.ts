import { spawn } from 'node:child_process';
import type { Environment } from '../config/environment';

/** How long to wait for a browser that fails at once. */
const FAILS_WITHIN_MS = 2000;

/**
 * Returns the command that opens an address in a browser; null if there is none to expect, as on a server. No shell reads
 * the address. BROWSER names a program, as for xdg-open.
 */
export function browserCommand(
  address: string,
  platform: NodeJS.Platform,
  { BROWSER, DISPLAY, WAYLAND_DISPLAY }: Environment,
): [program: string, ...args: string[]] | null {
  if (BROWSER) return [BROWSER, address];
  if (platform === 'darwin') return ['open', address];
  // `start` is a command of the shell. This is what it calls.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', address];
  return DISPLAY || WAYLAND_DISPLAY ? ['xdg-open', address] : null;
}

/** Starts the program. Returns false if it does not exist or fails at once. */
export function openBrowser([program, ...args]: [string, ...string[]]): Promise<boolean> {
  return new Promise((resolve) => {
    const browser = spawn(program, args, { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => resolve(true), FAILS_WITHIN_MS);
    const answer = (isOpen: boolean) => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    browser.once('error', () => answer(false));
    browser.once('exit', (code) => answer(code === 0));
    browser.unref();
  });
}
