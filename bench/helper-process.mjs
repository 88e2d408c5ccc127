// A child process that serves one call at a time until its parent disconnects.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WITHIN_MS = 60_000;

export class HelperProcess {
  /** @param file file in this folder, which calls `serve` */
  static start(file) {
    return new HelperProcess(file, fork(fileURLToPath(new URL(file, import.meta.url))));
  }

  constructor(file, child) {
    this.file = file;
    this.child = child;
    this.waiting = null;
    this.ended = new Promise((resolve) => child.once('exit', resolve));
    child.on('message', ({ result, error }) => {
      if (error === undefined) this.waiting?.resolve(result);
      else this.waiting?.reject(new Error(`${file}: ${error}`));
    });
    child.once('exit', (code) => this.waiting?.reject(new Error(`${file} ended with ${code}.`)));
  }

  async call(name, argument = {}) {
    const timer = setTimeout(
      () => this.waiting.reject(new Error(`${this.file} has not done "${name}" within ${WITHIN_MS} ms.`)),
      WITHIN_MS,
    );
    try {
      return await new Promise((resolve, reject) => {
        this.waiting = { resolve, reject };
        this.child.send({ name, argument });
      });
    } finally {
      clearTimeout(timer);
      this.waiting = null;
    }
  }

  async stop() {
    if (this.child.connected) this.child.disconnect();
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await this.ended;
    clearTimeout(kill);
  }
}

/** Runs in the child: responds to each call with the result of the function of that name. */
export function serve(functions) {
  process.on('message', ({ name, argument }) => {
    Promise.resolve(functions[name](argument)).then(
      (result) => process.send({ result: result ?? null }),
      (error) => process.send({ error: String(error?.stack ?? error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
}
