import { mkdir } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { inFolderBelow, openBelow } from '../files/open-below';
import { isOwnFile, placeInData, RESULTS_FOLDER } from './data-folder-map';
import { projectOf } from './result-copies';

/** A pointer holds one path. */
const MAX_BYTES = 4096;

/** Files with one line: the path of a live result, relative to DATA_DIR. */
@Injectable()
export class PointerFiles {
  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'dataDir'>) {}

  /** Returns the path of the pointer that each project with a result has, relative to DATA_DIR. */
  static ofProject(projectId: string): string {
    return `${RESULTS_FOLDER}/${projectId}/current.txt`;
  }

  /** Returns the first line of a pointer; null if there is no such file. @throws the error of the file system */
  async read(pointer: string): Promise<string | null> {
    const file = await openBelow(...placeInData(this.config.dataDir, pointer)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      },
    );
    if (file === null) return null;
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead).split(/\r?\n/, 1)[0]!;
    } finally {
      await file.close();
    }
  }

  /** Writes a pointer by rename, unless it has this target. @throws the error of the file system */
  async write(pointer: string, target: string): Promise<void> {
    if (pointer !== PointerFiles.ofProject(projectOf({ file: target })) && isOwnFile(pointer, null))
      throw new Error(`${pointer} is a file of Jobato`);
    if ((await this.read(pointer).catch(() => null)) === target) return;
    const [root, names] = placeInData(this.config.dataDir, pointer);
    await mkdir(root, { recursive: true });
    await inFolderBelow(
      root,
      names.slice(0, -1),
      (folder) => folder.replaceText(names.at(-1)!, `${target}\n`),
      { makesFolders: true },
    );
  }
}
