import { parse } from 'node:path';
import type { ProjectDefinition } from './project';

/** A project file with its usable content. */
export interface ProjectCandidate {
  /** The name of the file, or its path. */
  file: string;
  /** The current content; null while it has a flaw. */
  current: ProjectDefinition | null;
  /** The content accepted last; null if none was. */
  accepted: ProjectDefinition | null;
  /** True if the file appeared since the last check. */
  isNew: boolean;
  /** True if the file is missing now; it may come back. */
  isMissing: boolean;
}

/** A file that claims an id, a pointer or the default role that another file has. */
export interface ProjectConflict {
  file: string;
  over: 'id' | 'pointer' | 'default';
  wanted: string;
  takenBy: string;
}

export interface SettledProjects {
  /** By file, in the order of file names. */
  accepted: Map<string, ProjectDefinition>;
  conflicts: ProjectConflict[];
  defaultFile: string | null;
}

/**
 * Decides which file owns each id, and which file is the default. The first owner keeps it, so that a copy never
 * takes over a running project. At start-up, a file named after its project goes first, then file names decide. A
 * file that loses keeps its last accepted version, unless that collides with another file.
 */
export function settleProjects(candidates: ProjectCandidate[], defaultFile: string | null): SettledProjects {
  const claims = new Map<string, ProjectCandidate[]>();
  for (const candidate of candidates) {
    const id = (candidate.current ?? candidate.accepted)?.projectId;
    if (id !== undefined) claims.set(id, [...(claims.get(id) ?? []), candidate]);
  }
  const accepted = new Map<string, ProjectDefinition>();
  const conflicts: ProjectConflict[] = [];
  for (const [id, claimants] of claims) {
    const [winner, ...losers] = claimants.sort((one, other) => inOrder(rank(one, id), rank(other, id)));
    accepted.set(winner!.file, (winner!.current ?? winner!.accepted)!);
    for (const { file, accepted: before } of losers) {
      conflicts.push({ file, over: 'id', wanted: id, takenBy: winner!.file });
      if (before !== null && !claims.has(before.projectId)) accepted.set(file, before);
    }
  }
  conflicts.push(...settlePointers(accepted, candidates));
  const wanting = [...accepted].filter(([, { isDefault }]) => isDefault).map(([file]) => file);
  const settledDefault = wanting.find((file) => file === defaultFile) ?? wanting.sort()[0] ?? null;
  for (const file of wanting) {
    if (file === settledDefault) continue;
    conflicts.push({ file, over: 'default', wanted: 'default', takenBy: settledDefault! });
  }
  return { accepted: sorted(accepted), conflicts, defaultFile: settledDefault };
}

/** Two projects with one pointer would replace each other's result. The file that has the pointer keeps it. */
function settlePointers(
  accepted: Map<string, ProjectDefinition>,
  candidates: ProjectCandidate[],
): ProjectConflict[] {
  const before = new Map(candidates.map((candidate) => [candidate.file, candidate.accepted]));
  const isHolder = (file: string, pointer: string) => before.get(file)?.liveResult.pointer === pointer;
  const owners = new Map<string, string>();
  const claims = [...sorted(accepted)].flatMap(([file, definition]) => {
    const { pointer } = definition.liveResult;
    return pointer === null ? [] : [{ file, pointer, definition }];
  });
  claims.sort(
    (one, other) => Number(isHolder(other.file, other.pointer)) - Number(isHolder(one.file, one.pointer)),
  );
  return claims.flatMap(({ file, pointer, definition }): ProjectConflict[] => {
    const takenBy = owners.get(pointer);
    if (takenBy === undefined) {
      owners.set(pointer, file);
      return [];
    }
    const earlier = before.get(file);
    const isUsable =
      earlier?.projectId === definition.projectId && !owners.has(earlier.liveResult.pointer ?? '');
    if (isUsable) accepted.set(file, earlier);
    else accepted.delete(file);
    return [{ file, over: 'pointer', wanted: pointer, takenBy }];
  });
}

/** The lowest rank wins. A missing file loses to a new one, which is probably the renamed file. */
function rank({ file, accepted, isNew, isMissing }: ProjectCandidate, id: string): [number, number, string] {
  const isHolder = accepted?.projectId === id;
  const seniority = isHolder ? (isMissing ? 2 : 0) : isNew ? 1 : 3;
  return [seniority, parse(file).name === id ? 0 : 1, file];
}

function inOrder(one: [number, number, string], other: [number, number, string]): number {
  return one[0] - other[0] || one[1] - other[1] || (one[2] < other[2] ? -1 : 1);
}

function sorted<Value>(map: Map<string, Value>): Map<string, Value> {
  return new Map([...map].sort(([one], [other]) => (one < other ? -1 : 1)));
}
