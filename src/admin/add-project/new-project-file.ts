import { PROJECT_FILE_SCHEMA } from '../../projects/project-file.schema';
import { Schema } from '../../schemas/schema';

/** A project as the page needs it. */
interface ProjectOfFile {
  projectId: string;
  name: string;
  /** Relative to the configuration folder. */
  file: string;
}

interface ProblemOfFile {
  file: string;
  line: number | null;
  reason: string;
}

/** What the server sees of the new file. */
export type NewProjectFile =
  | { state: 'waiting' }
  | { state: 'flawed'; problems: Pick<ProblemOfFile, 'line' | 'reason'>[] }
  | { state: 'ready'; name: string; href: string };

const ID = new Schema<string>(PROJECT_FILE_SCHEMA.properties.id);
const FIRST_ID = 'hello';

/** Returns the id of an address, or a free one. `isInvalid` is true if the address has another one. */
export function chosenId(asked: unknown, taken: string[]): { id: string; isInvalid: boolean } {
  if (typeof asked === 'string' && asked !== '' && ID.faultsOf(asked).length === 0)
    return { id: asked, isInvalid: false };
  let id = FIRST_ID;
  for (let number = 2; taken.includes(id); number++) id = `${FIRST_ID}-${number}`;
  return { id, isInvalid: asked !== undefined && asked !== '' };
}

/** Returns the path of a new project file, relative to the configuration folder. */
export function fileOf(id: string): string {
  return `projects/${id}.yaml`;
}

/** A file may have any name, and the project of this id may be in another file. */
export function newProjectFile(
  id: string,
  projects: ProjectOfFile[],
  problems: ProblemOfFile[],
): NewProjectFile {
  const ofFile = problems.filter(({ file }) => file === fileOf(id));
  if (ofFile.length > 0)
    return { state: 'flawed', problems: ofFile.map(({ line, reason }) => ({ line, reason })) };
  const known = projects.find(({ projectId, file }) => projectId === id || file === fileOf(id));
  return known === undefined
    ? { state: 'waiting' }
    : { state: 'ready', name: known.name, href: `/projects/${known.projectId}` };
}
