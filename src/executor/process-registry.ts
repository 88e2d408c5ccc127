import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { makePrivateFolder } from '../lifecycle/private-files';
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
  private readonly living = new Set<number>();
  /** However this process ends, as long as it still runs code: its steps must not go on alone. */
  private readonly onExit = () => {
    for (const groupId of this.living) signalGroup(groupId, 'SIGKILL');
  };

  constructor(@Inject(CONFIG) { dataDir }: Config) {
    this.folder = join(dataDir, 'processes');
    this.runsFolder = join(dataDir, 'runs');
    makePrivateFolder(this.folder);
  }

  /**
   * At once after the start, synchronously: the less between the two, the less can be missed. Where the note cannot be
   * written, for example because the disk is full, the step goes on: `killLeftovers` also looks at environments.
   * @returns what forgets it
   */
  remember(groupId: number): () => void {
    if (this.living.size === 0) process.on('exit', this.onExit);
    this.living.add(groupId);
    const file = join(this.folder, `${groupId}.${startOf(groupId) ?? 'gone'}`);
    try {
      writeFileSync(file, '');
    } catch (error) {
      this.logger.warn(`Process group ${groupId} cannot be noted down: ${String(error)}`);
    }
    return () => {
      this.living.delete(groupId);
      if (this.living.size === 0) process.off('exit', this.onExit);
      try {
        rmSync(file, { force: true });
      } catch (error) {
        this.logger.warn(`The note of process group ${groupId} cannot be deleted: ${String(error)}`);
      }
    };
  }

  /** Kills what an earlier life left running. A stranger that was given an old number is left alone. */
  async killLeftovers(): Promise<number> {
    const killed = new Set<number>();
    const deadline = performance.now() + DEAD_WITHIN_MS;
    // Until nothing is found: one that is about to die may still have started another.
    for (let left = this.findLeftovers(); left.length > 0; left = this.findLeftovers()) {
      for (const pid of left) {
        killed.add(pid);
        kill(pid);
      }
      if (performance.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (killed.size > 0) {
      this.logger.warn(`Killed ${killed.size} processes that an earlier life of this server left running.`);
    }
    for (const name of readdirSync(this.folder)) rmSync(join(this.folder, name), { force: true });
    return killed.size;
  }

  /**
   * Members of the groups that were started here, and what was started a moment before the crash or has left its
   * group: it still carries our folder in its environment.
   */
  private findLeftovers(): number[] {
    const members = readdirSync(this.folder).flatMap((name) => {
      const [groupId, started] = splitAtFirst(name, '.');
      if (!groupIsAlive(Number(groupId)) || !this.isOurs(Number(groupId), started)) return [];
      const pids = membersOfGroup(Number(groupId));
      return pids.length > 0 ? pids : [-Number(groupId)]; // where members cannot be listed, the group as a whole
    });
    return [...new Set([...members, ...processesWithEnvironment(this.environmentMark())])];
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
