import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { PRIVATE_FILE } from './private-files';
import { dataFolderError } from './start-up-error';

/**
 * The name of this installation, stored in its data folder. It survives a restart, so that a new process can find what
 * the previous one held. Each data folder has a different name.
 */
@Injectable()
export class NodeIdentity {
  readonly id: string;

  constructor(@Inject(CONFIG) { dataDir }: Config) {
    mkdirSync(dataDir, { recursive: true });
    const file = join(dataDir, 'node-id');
    const stored = readIfThere(file).trim();
    this.id = stored !== '' ? stored : `${hostname().slice(0, 60)}-${randomBytes(3).toString('hex')}`;
    if (stored === '') store(file, this.id);
  }
}

function store(file: string, id: string): void {
  try {
    writeFileSync(file, `${id}\n`, { mode: PRIVATE_FILE });
  } catch (error) {
    throw dataFolderError(error, file);
  }
}

/** Fails for an existing file that cannot be read: a new name would orphan the runs that this server held. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw dataFolderError(error, file);
  }
}
