import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import {
  groupIsAlive,
  membersOfGroup,
  processesWithEnvironment,
  signalGroup,
  startOf,
} from './process-group';

const DEAD_WITHIN_MS = 2000;

/**
 * Remembers which process groups this server has started, so that after a crash the next life can end them.
 * A group is a file whose name says all: making one is a single step that a crash cannot do by half. It lies in
 * the data folder and not in the database, because processes belong to a machine.
 */
@Injectable()
export class ProcessRegistry {
  private readonly logger = new Logger(ProcessRegistry.name);
  private readonly folder: string;
  private readonly runsFolder: string;

  constructor(@Inject(CONFIG) { dataDir }: Config) {
    this.folder = join(dataDir, 'processes');
    this.runsFolder = join(dataDir, 'runs');
    mkdirSync(this.folder, { recursive: true });
  }

  /** At once after the start, synchronously: the less between the two, the less can be missed. @returns what forgets it */
  remember(groupId: number): () => void {
    const file = join(this.folder, `${groupId}.${startOf(groupId) ?? 'gone'}`);
    writeFileSync(file, '');
    return () => rmSync(file, { force: true });
  }

  /** Kills what an earlier life left running. A stranger that was given an old number is left alone. */
  async killLeftovers(): Promise<number> {
    const groups = new Set<number>();
    for (const name of readdirSync(this.folder)) {
      const [groupId, started] = splitAtFirst(name, '.');
      if (this.isOurs(Number(groupId), started)) groups.add(Number(groupId));
    }
    // What was started a moment before the crash, or left its group, still carries our folder in its environment.
    const strays = processesWithEnvironment(this.environmentMark());
    for (const groupId of groups) signalGroup(groupId, 'SIGKILL');
    for (const pid of strays) kill(pid);
    const killed = groups.size + strays.filter((pid) => !groups.has(pid)).length;
    if (killed > 0)
      this.logger.warn(`Killed ${killed} processes that an earlier life of this server left running.`);

    await this.untilDead([...groups]);
    for (const name of readdirSync(this.folder)) rmSync(join(this.folder, name), { force: true });
    return killed;
  }

  private isOurs(groupId: number, started: string): boolean {
    const leader = startOf(groupId);
    if (leader !== null) return leader === started;
    // The leader is gone; while members are left, nobody else can have been given the number of the group,
    // unless a stranger's group came and lost its leader too. So the members have to prove whose they are.
    const ours = new Set(processesWithEnvironment(this.environmentMark()));
    return membersOfGroup(groupId).some((pid) => ours.has(pid));
  }

  private environmentMark(): string {
    return `JOBATO_RUN_DIR=${this.runsFolder}${sep}`;
  }

  private async untilDead(groupIds: number[]): Promise<void> {
    const deadline = Date.now() + DEAD_WITHIN_MS;
    while (groupIds.some(groupIsAlive) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was quicker.
  }
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
