import { type FileHandle, realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { JobatoError } from '../http/catalogue';
import { flawOfArtifactName } from '../runs/artifact-name';
import { openBelow } from './open-below';
import type { Artifact, Run } from '../runs/run';

interface OpenArtifact {
  file: FileHandle;
  size: number;
  /** Changes with every write to the file. */
  etag: string;
  modifiedAt: Date;
}

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
   * What a step says that it made, checked. A link within the run's folder is resolved: the name is that of the file.
   * @param path relative to the run's folder, or absolute within it
   * @throws Error saying what is wrong with it
   */
  async register(runId: string, path: string): Promise<Artifact> {
    const name = await this.nameWithin(runId, path);
    const flaw = flawOfArtifactName(name);
    if (flaw !== null) throw new Error(`the name of the artifact "${path}" ${flaw}`);
    const { file, size } = await this.openFile(runId, name);
    await file.close();
    if (size > this.config.artifactLimitBytes) {
      const limitMegabytes = Math.round(this.config.artifactLimitBytes / 1024 / 1024);
      throw new Error(`the artifact "${path}" is larger than ${limitMegabytes} MB (ARTIFACT_LIMIT_MB)`);
    }
    return { name, size };
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
  async open(run: Run, name: string): Promise<OpenArtifact & { fileName: string }> {
    try {
      if (!run.artifacts.some((artifact) => artifact.name === name))
        throw new Error('not reported by the run');
      return { ...(await this.openFile(run.runId, name)), fileName: basename(name) };
    } catch {
      throw new JobatoError(
        'ARTIFACT_NOT_FOUND',
        `The run has no artifact "${name.slice(0, 200)}", or it was deleted.`,
      );
    }
  }

  /**
   * Opens a file in the folder of a run; the caller closes it. A step that is still at work may put a link in the way
   * at any time, so the name is resolved first and then opened without following any.
   * @throws Error saying what is wrong with it, without a path of this machine
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
    // A folder, or a pipe that would never end.
    throw new Error(`the artifact "${name}" is not a file`);
  }

  /** Where a path leads within the folder of a run once all links are resolved, with slashes. */
  private async nameWithin(runId: string, path: string): Promise<string> {
    const folder = join(await realpath(this.folder).catch(() => this.folder), runId);
    const file = await realpath(resolve(folder, path)).catch(() => {
      throw new Error(`the artifact "${path}" is not there`);
    });
    const name = relative(folder, file);
    if (name === '' || name === '..' || name.startsWith(`..${sep}`) || isAbsolute(name)) {
      throw new Error(`the artifact "${path}" is not in the folder of the run`);
    }
    return name.split(sep).join('/');
  }
}
