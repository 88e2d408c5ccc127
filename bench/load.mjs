// Sends one job to a load generator, with a time limit.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GENERATOR = fileURLToPath(new URL('./load-generator.mjs', import.meta.url));
const WITHIN_MS = 180_000;

/** @returns `ready`, which resolves when all readers are connected, and `result` */
export function load(job) {
  const child = fork(GENERATOR, { timeout: WITHIN_MS, killSignal: 'SIGKILL' });
  let onReady;
  const ready = new Promise((resolve) => (onReady = resolve));
  const result = new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message.ready) return onReady();
      child.disconnect();
      if (message.error) reject(new Error(message.error));
      else resolve(message.result);
    });
    child.once('exit', (code) => reject(new Error(`The load generator ended with ${code}.`)));
  });
  child.send(job);
  return { ready, result };
}

export async function requests(job) {
  return load({ kind: 'requests', ...job }).result;
}
