import { copyFile, lstat, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isWithin, realLocation } from './file-location';
import { INPUTS_FILE } from './step-environment';
import { findFiles, type SearchLimits } from '../inputs/file-search';
import { MAX_ARTIFACTS } from '../runs/report-limits';

/** The files that one step may have made. */
export interface CollectionPlace {
  runDir: string;
  workingDir: string;
  /** Jobato's own files and those of other runs. Never collected, except from the work folder of the project. */
  dataDir: string;
  workDir: string;
  /** Of all steps. */
  ofProject: readonly string[];
  /** Of this step: it is noted if they match nothing. */
  ofStep: readonly string[];
  /** When the step began, in epoch milliseconds. */
  sinceMs: number;
}

export interface Collected {
  /** Paths relative to the run's folder. */
  paths: string[];
  /** Why files are missing; null if none are. */
  fault: string | null;
  /** Patterns of the step without any file. */
  unmatched: string[];
}

const LIMITS: SearchLimits = { files: MAX_ARTIFACTS, entries: 100_000, milliseconds: 2_000 };

/**
 * Finds the artifacts of a step by pattern: in the folder of the run, and files of the working directory that changed
 * since the step began, which are copied to the folder of the run. Older files there belong to other runs.
 */
export class ArtifactCollection {
  /** Size and time of the files collected so far. Unchanged ones are not collected again by the next step. */
  private readonly known = new Map<string, string>();

  async collect(place: CollectionPlace): Promise<Collected> {
    const patterns = [...place.ofProject, ...place.ofStep];
    if (patterns.length === 0) return { paths: [], fault: null, unmatched: [] };
    const faults: string[] = [];
    const found = async (folder: string, of: readonly string[]) => {
      const { files, reason } = await findFiles(folder, of, LIMITS);
      if (reason !== null) faults.push(reason);
      return files ?? [];
    };
    if (resolve(place.workingDir) !== resolve(place.runDir)) {
      const made = await this.changedSince(place, await found(place.workingDir, patterns));
      await Promise.all(made.map((file) => copyTo(place.runDir, place.workingDir, file))).catch(
        (error: unknown) => {
          faults.push((error as Error).message);
        },
      );
    }
    const files = await found(place.runDir, patterns);
    const ofStep =
      place.ofStep.length === 0 || files.length === 0 ? [] : await found(place.runDir, place.ofStep);
    const isUnmatched = place.ofStep.length > 0 && ofStep.length === 0 && faults.length === 0;
    return {
      paths: await this.changedPaths(place.runDir, files),
      fault: faults[0] ?? null,
      unmatched: isUnmatched ? [...place.ofStep] : [],
    };
  }

  private async changedSince(
    { workingDir, dataDir, workDir, sinceMs }: CollectionPlace,
    files: string[],
  ): Promise<string[]> {
    const [root, data, work] = await Promise.all([workingDir, dataDir, workDir].map(realLocation));
    const changed = await Promise.all(
      files.map(async (file) => {
        const path = join(root!, file);
        if (isWithin(path, data!) && !isWithin(path, work!)) return false;
        const found = await lstat(path).catch(() => null);
        return found !== null && found.isFile() && found.mtimeMs >= sinceMs;
      }),
    );
    return files.filter((_file, index) => changed[index]);
  }

  private async changedPaths(runDir: string, files: string[]): Promise<string[]> {
    const changed: string[] = [];
    for (const file of files) {
      if (file === INPUTS_FILE) continue;
      const found = await lstat(join(runDir, file)).catch(() => null);
      const state = found && `${found.size} ${found.mtimeMs}`;
      if (state === null || this.known.get(file) === state) continue;
      this.known.set(file, state);
      changed.push(file);
    }
    return changed;
  }
}

async function copyTo(runDir: string, from: string, file: string): Promise<void> {
  const target = join(runDir, file);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join(from, file), target);
}
