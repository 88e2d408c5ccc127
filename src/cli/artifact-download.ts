import { randomUUID } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { inFolderBelow } from '../files/open-below';
import { flawOfArtifactName } from '../runs/artifact-name';
import { CliFailure, EXIT } from './failures';
import { oneLine } from './terminal-text';

/**
 * Checks that artifacts can be saved below a folder. The names come from a worker, and the server may be a foreign one,
 * so that names which the server accepted are checked again.
 * @throws CliFailure for a name that could leave the folder, and without `replaces` for an existing file
 */
export async function checkTargets(
  folder: string,
  names: readonly string[],
  replaces: boolean,
): Promise<void> {
  for (const name of names) {
    if (flawOfArtifactName(name) !== null || (sep === '\\' && name.includes(':')))
      throw refusal(`Nothing was saved, because the name of an artifact is not safe: ${oneLine(name)}`);
  }
  if (replaces) return;
  const existing: string[] = [];
  for (const name of names) if (await exists(join(folder, name))) existing.push(join(folder, name));
  if (existing.length > 0) {
    throw refusal(
      [
        'Nothing was saved, because these files exist. Use --force to replace them.',
        ...existing.map((file) => `  ${oneLine(file)}`),
      ].join('\n'),
    );
  }
}

/**
 * Saves a download below a folder. The name of an artifact may contain folders, which are created; a link among them is
 * never followed. The file gets its name only when it is complete.
 */
export async function saveArtifact(
  folder: string,
  name: string,
  content: AsyncIterable<Uint8Array>,
  replaces: boolean,
): Promise<void> {
  const folders = name.split('/');
  const fileName = folders.pop()!;
  const part = `.${randomUUID()}.part`;
  try {
    await mkdir(folder, { recursive: true });
    await inFolderBelow(
      folder,
      folders,
      async (parent) => {
        try {
          const file = await parent.newFile(part);
          try {
            for await (const bytes of content) await file.writeFile(bytes);
          } finally {
            await file.close();
          }
          if (!replaces) await checkTargets(folder, [name], replaces);
          await parent.rename(part, fileName);
        } finally {
          await parent.remove(part);
        }
      },
      { makesFolders: true },
    );
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    const isLink = code === 'ELOOP' || code === 'ENOTDIR';
    const why = isLink ? 'a link or a file is where its path has a folder' : code;
    throw refusal(`${oneLine(join(folder, name))} cannot be written (${why}).`);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    // A part of the path that is a file is reported when the artifact is saved.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw refusal(`${oneLine(file)} cannot be read (${code}).`);
  }
}

function refusal(message: string): CliFailure {
  return new CliFailure(message, EXIT.notCompleted);
}
