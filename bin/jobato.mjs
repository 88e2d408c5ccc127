#!/usr/bin/env node
// The command line from a checkout: builds what is missing once, without a word, and hands over.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = new URL('../dist/cli/jobato.js', import.meta.url);

if (!existsSync(program)) {
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8', shell: true });
  if (!existsSync(program)) {
    process.stderr.write(`Jobato is not built, and building it failed:\n${build.stdout}${build.stderr}`);
    process.exit(1);
  }
}
await import(program);
