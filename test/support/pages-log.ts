import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Controls the output of a running step from the test. */
export class Speech {
  private readonly folder = mkdtempSync(join(tmpdir(), 'jobato-speech-'));
  private readonly path = join(this.folder, 'said');

  constructor() {
    this.forget();
  }

  say(...lines: string[]): void {
    appendFileSync(this.path, lines.map((line) => `${line}\n`).join(''));
  }

  end(): void {
    this.say('END');
  }

  forget(): void {
    writeFileSync(this.path, '');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Returns a project with two steps: one that prints `count` lines, and one that prints what the test says. */
  project(id: string, count: number): string {
    const first = `
      for (let n = 1; n <= ${count}; n++)
        console.log(n % 100 === 0 ? 'ERROR at ' + n : n % 100 === 50 ? '\\u001b[33mWARN\\u001b[0m slow ' + n : 'line ' + n);`;
    const second = `
      const fs = require('node:fs');
      let read = 0;
      const listen = setInterval(() => {
        const lines = fs.readFileSync(${JSON.stringify(this.path)}, 'utf8').split('\\n').slice(0, -1);
        for (const line of lines.slice(read)) {
          if (line === 'END') return clearInterval(listen);
          console.log(line);
        }
        read = lines.length;
      }, 20);`;
    const step = (name: string, program: string) =>
      `  - name: ${name}\n    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(program)}]\n`;
    return `id: ${id}\nname: Talker\nsteps:\n${step('first', first)}${step('second', second)}`;
  }
}
