import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseNotificationsFile } from '../channels/notifications-file';
import { readEnvironment } from '../config/environment';
import { isYamlName, misnamedFiles } from '../config-files/ignored-files';
import { type Flaw, problemText, unreadable } from '../config-files/file-problem';
import type { ParsedYaml } from '../config-files/parse-yaml';
import { readConfigFile } from '../config-files/read-config-file';
import { parseAllowlists, parseQueries } from '../inputs/input-file';
import type { ProjectDefinition } from '../projects/project';
import { parseProjectFile } from '../projects/project-file';
import { type ProjectCandidate, settleProjects } from '../projects/settle-projects';
import { parseQuotaFile } from '../quota/quota-file';
import { EXIT, usageFailure } from './failures';
import { Terminal } from './terminal';
import { oneLine } from './terminal-text';

/** The files of the configuration folder besides the project files. */
const PARSERS = new Map<string, (source: string) => ParsedYaml<unknown>>([
  ['notifications.yaml', parseNotificationsFile],
  ['quota.yaml', parseQuotaFile],
  ['queries.yaml', parseQueries],
  ['allowlists.yaml', parseAllowlists],
]);

interface CheckedFile {
  file: string;
  /** Null for an invalid file, and for one that is not a project file. */
  project: ProjectDefinition | null;
  flaws: Flaw[];
}

/** Checks files as the server does, without a server. Without files, those that the server would read. */
export async function validate(given: string[]): Promise<number> {
  const read =
    given.length > 0
      ? await Promise.all([...new Set(given)].map((file) => check(file, parserOf(file))))
      : await checkConfigFolder();
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
      .map(({ file, project }) =>
        oneLine(`${file}: valid${project === null ? '' : `, project ${project.projectId}`}`),
      ),
  ]);
  return problems.length === 0 ? EXIT.done : EXIT.notCompleted;
}

async function checkConfigFolder(): Promise<CheckedFile[]> {
  const { CONFIG_DIR } = readEnvironment(process.env).variables;
  const configDir = CONFIG_DIR || 'config';
  const folder = join(configDir, 'projects');
  const names = await namesIn(folder);
  const projects = names.filter(isYamlName).map((name) => join(folder, name));
  if (projects.length === 0) throw usageFailure(`${folder} has no project files.`);
  const others = await namesIn(configDir);
  const misnamed = [...PARSERS.keys()]
    .flatMap((name) => misnamedFiles(others, name))
    .map(({ file, ...flaw }) => ({ file: join(configDir, file), project: null, flaws: [flaw] }));
  const known = others.filter((name) => PARSERS.has(name)).map((name) => join(configDir, name));
  return [
    ...misnamed,
    ...(await Promise.all([
      ...known.map((file) => check(file, PARSERS.get(basename(file)) ?? null)),
      ...projects.map((file) => check(file, null)),
    ])),
  ];
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw usageFailure(
      `${folder}: ${unreadable(error, 'folder')}. Name the files to check, or set CONFIG_DIR.`,
    );
  });
  return names.sort();
}

/** @param parse null for a project file */
async function check(
  file: string,
  parse: ((source: string) => ParsedYaml<unknown>) | null,
): Promise<CheckedFile> {
  try {
    const source = await readConfigFile(file);
    if (parse !== null) return { file, project: null, flaws: parse(source).flaws ?? [] };
    const { content: project = null, flaws = [] } = parseProjectFile(source);
    return { file, project, flaws };
  } catch (error) {
    return { file, project: null, flaws: [{ line: null, reason: unreadable(error) }] };
  }
}

/** Returns null for a project file. It can have any name, such as projects/quota.yaml. */
function parserOf(file: string): ((source: string) => ParsedYaml<unknown>) | null {
  if (basename(dirname(resolve(file))) === 'projects') return null;
  return PARSERS.get(basename(file)) ?? null;
}

function candidate({ file, project }: CheckedFile): ProjectCandidate {
  return { file, current: project, accepted: null, isNew: true, isMissing: false };
}
