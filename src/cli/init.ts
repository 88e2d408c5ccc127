import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { commandLine } from '../config/command-line';
import { EXIT, unwritable } from './failures';
import { writeSchemaFiles } from './schema-files';
import { Terminal } from './terminal';

const PACKAGE = join(__dirname, '..', '..');

/** The files that `init` writes, with their sources in the package. */
const FILES = [
  { name: '.env', source: '.env.example' },
  { name: 'config/projects/hello.yaml', source: 'examples/hello.yaml' },
  { name: 'config/quota.yaml', source: 'config/quota.yaml' },
  { name: 'config/queries.yaml', source: 'config/queries.yaml' },
  { name: 'config/allowlists.yaml', source: 'config/allowlists.yaml' },
] as const;

/** Where an example finds its schema in the package. In a configuration, the schemas are beside the projects. */
const SCHEMA_OF_EXAMPLE = '$schema=../config/schemas/';

/** Writes an example configuration into a folder. Existing files are unchanged, except for the schemas. */
export function init(folder: string): number {
  const terminal = new Terminal(process.stdout);
  const target = resolve(folder);
  for (const { name, source } of FILES) {
    const file = join(target, name);
    const isThere = existsSync(file);
    if (!isThere) write(file, join(PACKAGE, source));
    terminal.result([`${isThere ? 'kept   ' : 'written'}  ${relative('.', file)}`]);
  }
  const schemas = writeSchemaFiles(join(target, 'config'));
  terminal.result(schemas.map((file) => `written  ${relative('.', file)}`));
  const step = relative('.', target);
  terminal.remark(
    '',
    'Next:',
    ...(step === '' ? [] : [`  cd ${step}`]),
    `  ${commandLine('serve')}`,
    `  ${commandLine('trigger hello --follow')}   # in another terminal`,
  );
  return EXIT.done;
}

function write(file: string, source: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, readFileSync(source, 'utf8').replace(SCHEMA_OF_EXAMPLE, '$schema=../schemas/'), {
      flag: 'wx',
    });
    // Operators put secrets into this file.
    if (file.endsWith('.env')) chmodSync(file, 0o600);
  } catch (error) {
    throw unwritable(file, error);
  }
}
