import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isYamlName } from '../config-files/ignored-files';
import { readConfigFile } from '../config-files/read-config-file';
import { commandLine } from '../config/command-line';
import { readEnvironment } from '../config/environment';
import { parseProjectFile } from '../projects/project-file';
import { PROJECT_FILE_SCHEMA } from '../projects/project-file.schema';
import { Schema } from '../schemas/schema';
import { EXIT, unwritable, usageFailure } from './failures';
import { projectTemplate } from '../config-schemas/project-template';
import { writeSchemaFiles } from './schema-files';
import { Terminal } from './terminal';

export interface NewProjectOptions {
  external?: boolean;
}

const ID = new Schema<string>(PROJECT_FILE_SCHEMA.properties.id);

/** Writes a project file with comments, and the schemas for editors. An existing project is never changed. */
export async function newProject(id: string, options: NewProjectOptions): Promise<number> {
  if (ID.faultsOf(id).length > 0)
    throw usageFailure(
      `"${id}" is not a valid id. Use a-z, 0-9 and -, at most ${PROJECT_FILE_SCHEMA.properties.id.maxLength} characters.`,
    );
  const { CONFIG_DIR } = readEnvironment(process.env).variables;
  const configDir = CONFIG_DIR || 'config';
  const folder = join(configDir, 'projects');
  const file = join(folder, `${id}.yaml`);
  const other = await fileWithId(folder, id);
  if (other !== null) throw usageFailure(`${other} already has the id "${id}". Choose another id.`);
  await write(folder, file, projectTemplate(id, options));
  const schemas = writeSchemaFiles(configDir);

  const terminal = new Terminal(process.stdout);
  terminal.result([file, ...schemas].map((path) => `written  ${path}`));
  terminal.remark('', 'Next:', ...nextSteps(id, file, options));
  return EXIT.done;
}

function nextSteps(id: string, file: string, { external }: NewProjectOptions): string[] {
  const commands: [string, string][] = [
    [commandLine(`validate ${file}`), 'after you have edited the file'],
    [commandLine('serve'), 'unless a server is running; it finds the file by itself'],
    ...(external ? [] : [[commandLine(`trigger ${id} --follow`), 'in another terminal'] as [string, string]]),
  ];
  const width = Math.max(...commands.map(([command]) => command.length));
  return [
    ...commands.map(([command, when]) => `  ${command.padEnd(width)}   # ${when}`),
    ...(external ? ['  Connect your worker: docs/external-workers.md'] : []),
  ];
}

/** Returns the project file that has the id, under any name; null if there is none. */
async function fileWithId(folder: string, id: string): Promise<string | null> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter(isYamlName).sort()) {
    const file = join(folder, name);
    const source = await readConfigFile(file).catch(() => null);
    if (source !== null && parseProjectFile(source).content?.projectId === id) return file;
  }
  return null;
}

async function write(folder: string, file: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw unwritable(file, error);
  });
  await writeFile(file, text, { flag: 'wx' }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw usageFailure(`${file} already exists. Choose another id, or edit the file.`);
    throw unwritable(file, error);
  });
}
