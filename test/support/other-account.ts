import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(__dirname, '..', '..');
/** The parts of a checkout that a server and a worker need. */
const PARTS = ['package.json', 'dist', 'views', 'public', 'node_modules'];

/** An account without a name or a home; it owns nothing but the folders made for it. */
export interface Account {
  uid: number;
}

/**
 * Returns a folder with the built program that other accounts can read: the checkout, or hard links to it below
 * `base`. Null if neither works, for example because this process is not root.
 */
export function readableProgram(base: string, account: Account): string | null {
  if (process.getuid?.() !== 0) return null;
  const isReadable = (folder: string) =>
    spawnSync(process.execPath, ['-e', 'require(process.argv[1])', join(folder, 'dist/config/config.js')], {
      uid: account.uid,
      gid: account.uid,
      cwd: '/',
    }).status === 0;
  if (isReadable(ROOT)) return ROOT;
  const copy = join(base, 'program');
  mkdirSync(copy);
  spawnSync('cp', ['-al', ...PARTS.map((part) => join(ROOT, part)), copy]);
  return isReadable(copy) ? copy : null;
}

/** Creates a folder owned by the account, with files that only the account can read. */
export function ownFolder(account: Account, folder: string, files: Record<string, string> = {}): void {
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    chownSync(join(folder, name), account.uid, account.uid);
  }
  chownSync(folder, account.uid, account.uid);
  chmodSync(folder, 0o755);
}

/** A built program that runs under another account. Only that account can read the files that it creates. */
export class AccountProcess {
  readonly output: string[] = [];

  private constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => this.output.push(line));
    }
  }

  static start(
    { uid }: Account,
    program: string,
    folder: string,
    environment: Record<string, string>,
  ): AccountProcess {
    const child = spawn('/bin/sh', ['-c', 'umask 077; exec "$0" "$1"', process.execPath, program], {
      uid,
      gid: uid,
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new AccountProcess(child);
  }

  /** Resolves with the match of the pattern in the output. Throws if the process ends first. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output.join('\n'));
      if (found) return found;
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`The process ended (${exitCode ?? signalCode}):\n${this.output.join('\n')}`);
      }
      await Promise.race([
        once(this.child.stdout!, 'data'),
        once(this.child.stderr!, 'data'),
        once(this.child, 'exit'),
      ]);
      await new Promise((next) => setImmediate(next));
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }
}
