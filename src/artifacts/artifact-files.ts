import { type FileHandle, realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { sizeLimitText } from '../config/size-text';
import { CONFIG } from '../config/config.module';
import { JobatoError } from '../http/problem-catalogue';
import { flawOfArtifactName } from '../runs/artifact-name';
import { openBelow } from '../files/open-below';
import { readStart } from '../files/read-start';
import { assertArtifactsKept } from '../runs/removed-parts';
import type { Artifact, Run } from '../runs/run';

interface OpenArtifact {
  file: FileHandle;
  size: number;
  /** Changes on every write to the file. */
  etag: string;
  modifiedAt: Date;
}

/** The files that runs create. Each run has a folder, and no file outside it is ever served. */
@Injectable()
export class ArtifactFiles {
  private readonly folder: string;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.folder = join(config.dataDir, 'runs');
  }

  folderOf(runId: string): string {
    return join(this.folder, runId);
  }

  /**
   * Returns the artifact at a path that a step reported, after all checks. Links within the run's folder are resolved:
   * the artifact gets the name of their target.
   * @param path relative to the run's folder, or absolute within it
   * @throws Error with the reason
   */
  async register(runId: string, path: string): Promise<Artifact> {
    const name = await this.nameWithin(runId, path);
    const flaw = flawOfArtifactName(name);
    if (flaw !== null) throw new Error(`the name of the artifact "${path}" ${flaw}`);
    const { file, size } = await this.openFile(runId, name);
    await file.close();
    const { artifactLimitBytes } = this.config;
    if (size > artifactLimitBytes)
      throw new Error(
        `the artifact "${path}" is larger than ${sizeLimitText(artifactLimitBytes)} (ARTIFACT_LIMIT_MB)`,
      );
    return { name, size };
  }

  /**
   * Returns the first `maxBytes` bytes of an artifact, and its size in bytes. @throws JobatoError ARTIFACT_NOT_FOUND
   */
  async readStart(run: Run, name: string, maxBytes: number): Promise<{ start: Buffer; size: number }> {
    const { file, size } = await this.open(run, name);
    try {
      return { start: await readStart(file, size, maxBytes), size };
    } finally {
      await file.close();
    }
  }

  /** Opens an artifact of a run; the caller closes it. @throws JobatoError ARTIFACT_NOT_FOUND, ARTIFACT_REMOVED */
  async open(run: Run, name: string): Promise<OpenArtifact & { fileName: string }> {
    const isReported = run.artifacts.some((artifact) => artifact.name === name);
    if (isReported) assertArtifactsKept(run);
    try {
      if (!isReported) throw new Error('not reported by the run');
      return { ...(await this.openFile(run.runId, name)), fileName: basename(name) };
    } catch {
      throw new JobatoError(
        'ARTIFACT_NOT_FOUND',
        `Artifact "${name.slice(0, 200)}" does not exist in this run, or it was deleted.`,
      );
    }
  }

  /**
   * Opens a file in the folder of a run; the caller closes it. A running step may create a link in the path at any
   * time. The name is therefore resolved first, and then opened without following links.
   * @throws Error with the reason, without a path of this machine
   */
  async openFile(runId: string, name: string): Promise<OpenArtifact> {
    const names = (await this.nameWithin(runId, name)).split('/');
    const file = await openBelow(this.folder, [runId, ...names]).catch((error: NodeJS.ErrnoException) => {
      throw new Error(`the artifact "${name}" cannot be read (${error.code})`);
    });
    const found = await file.stat({ bigint: true });
    if (found.isFile()) {
      const { ino, size, mtimeNs, mtime } = found;
      return { file, size: Number(size), etag: `"${ino}-${size}-${mtimeNs}"`, modifiedAt: mtime };
    }
    await file.close();
    // A folder, or a pipe that may never end.
    throw new Error(`the artifact "${name}" is not a file`);
  }

  /** Returns the path relative to the run's folder after all links are resolved, with slashes. */
  private async nameWithin(runId: string, path: string): Promise<string> {
    const folder = join(await realpath(this.folder).catch(() => this.folder), runId);
    const file = await realpath(resolve(folder, path)).catch(() => {
      throw new Error(`the artifact "${path}" does not exist`);
    });
    const name = relative(folder, file);
    if (name === '' || name === '..' || name.startsWith(`..${sep}`) || isAbsolute(name)) {
      throw new Error(`the artifact "${path}" is outside the folder of the run`);
    }
    return name.split(sep).join('/');
  }
}
