import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { JobatoError } from '../problems/catalogue';
import { flawOfArtifactName } from './artifact-name';
import type { Artifact, Run } from './run';

/** The files that runs make: each run has a folder, and nothing outside of it is ever handed out. */
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
   * What a step says that it made, checked.
   * @param path relative to the run's folder, or absolute within it
   * @throws Error saying what is wrong with it
   */
  async register(runId: string, path: string): Promise<Artifact> {
    const folder = await realpath(this.folderOf(runId));
    const file = await realpath(resolve(folder, path)).catch(() => {
      throw new Error(`the artifact "${path}" is not there`);
    });
    const name = relative(folder, file);
    if (name === '' || isOutside(name))
      throw new Error(`the artifact "${path}" is not in the folder of the run`);
    const flaw = flawOfArtifactName(name.split(sep).join('/'));
    if (flaw !== null) throw new Error(`the name of the artifact "${path}" ${flaw}`);
    const size = await sizeOfFile(file);
    if (size === null) throw new Error(`the artifact "${path}" is not a file`);
    if (size > this.config.artifactLimitBytes) {
      const limitMegabytes = Math.round(this.config.artifactLimitBytes / 1024 / 1024);
      throw new Error(`the artifact "${path}" is larger than ${limitMegabytes} MB (ARTIFACT_LIMIT_MB)`);
    }
    return { name: name.split(sep).join('/'), size };
  }

  /** The first so many bytes of an artifact, and how large it is. @throws JobatoError ARTIFACT_NOT_FOUND */
  async readStart(run: Run, name: string, maxBytes: number): Promise<{ start: Buffer; size: number }> {
    const { file, size } = await this.open(run, name);
    try {
      const buffer = Buffer.alloc(Math.min(size, maxBytes));
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return { start: buffer.subarray(0, length), size };
    } finally {
      await file.close();
    }
  }

  /** Opens an artifact of a run; the caller closes it. @throws JobatoError ARTIFACT_NOT_FOUND */
  async open(run: Run, name: string): Promise<{ file: FileHandle; size: number; fileName: string }> {
    let file: FileHandle | null = null;
    const known = run.artifacts.some((artifact) => artifact.name === name);
    try {
      if (!known) throw new Error('not reported by the run');
      const folder = await realpath(this.folderOf(run.runId));
      // Looked at again: a step that is still at work may have put a link there since.
      const path = await realpath(join(folder, name));
      if (isOutside(relative(folder, path))) throw new Error('outside of the folder of the run');
      // What was opened is what is asked about and read: the path may lead elsewhere a moment later.
      file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const found = await file.stat();
      if (!found.isFile()) throw new Error('not a file');
      return { file, size: found.size, fileName: basename(name) };
    } catch {
      await file?.close();
      throw new JobatoError(
        'ARTIFACT_NOT_FOUND',
        `The run has no artifact "${name.slice(0, 200)}", or it was deleted.`,
      );
    }
  }
}

function isOutside(relativePath: string): boolean {
  return relativePath === '..' || relativePath.startsWith(`..${sep}`) || isAbsolute(relativePath);
}

/** Null for what is no regular file: a folder, or a pipe that would never end. */
async function sizeOfFile(path: string): Promise<number | null> {
  const found = await stat(path);
  return found.isFile() ? found.size : null;
}
