import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from '../config/environment';
import { isYamlName } from '../config-files/ignored-files';
import { type Flaw, problemText, unreadable } from '../config-files/file-problem';
import { readConfigFile } from '../config-files/read-config-file';
import type { ProjectDefinition } from '../projects/project';
import { parseProjectFile } from '../projects/project-file';
import { type ProjectCandidate, settleProjects } from '../projects/settle-projects';
import { EXIT, usageFailure } from './failures';
import { Terminal } from './terminal';
import { oneLine } from './terminal-text';

/** Checks project files as the server does, without a server. Without files, those that the server would read. */
export async function validate(given: string[]): Promise<number> {
  const files = given.length > 0 ? [...new Set(given)] : await projectFiles();
  const read = await Promise.all(files.map(async (file) => ({ file, ...(await contentOf(file)) })));
  const conflicts = settleProjects(read.map(candidate), null).conflicts.map(
    ({ file, over, wanted, takenBy }): { file: string } & Flaw => ({
      file,
      line: null,
      reason: over === 'id' ? `${takenBy} has the same id "${wanted}"` : `${takenBy} has "default: true" too`,
    }),
  );
  const problems = [
    ...read.flatMap(({ file, flaws }) => flaws.map((flaw) => ({ file, ...flaw }))),
    ...conflicts,
  ];
  const terminal = new Terminal(process.stdout);
  terminal.result([
    ...problems.map((problem) => oneLine(problemText(problem))),
    ...read
      .filter(({ file }) => problems.every((problem) => problem.file !== file))
      .map(({ file, content }) => oneLine(`${file}: valid, project ${content!.projectId}`)),
  ]);
  return problems.length === 0 ? EXIT.done : EXIT.notCompleted;
}

async function projectFiles(): Promise<string[]> {
  const { CONFIG_DIR } = readEnvironment(process.env).variables;
  const folder = join(CONFIG_DIR || 'config', 'projects');
  const names = await readdir(folder).catch((error: unknown) => {
    throw usageFailure(
      `${folder}: ${unreadable(error, 'folder')}. Name the files to check, or set CONFIG_DIR.`,
    );
  });
  const files = names.filter(isYamlName).sort();
  if (files.length === 0) throw usageFailure(`${folder} has no project files.`);
  return files.map((name) => join(folder, name));
}

async function contentOf(file: string): Promise<{ content: ProjectDefinition | null; flaws: Flaw[] }> {
  try {
    const { content = null, flaws = [] } = parseProjectFile(await readConfigFile(file));
    return { content, flaws };
  } catch (error) {
    return { content: null, flaws: [{ line: null, reason: unreadable(error) }] };
  }
}

function candidate({ file, content }: { file: string; content: ProjectDefinition | null }): ProjectCandidate {
  return { file, current: content, accepted: null, isNew: true, isMissing: false };
}
