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
 * Records the process groups that this server has started, so that it can kill them after a crash. Each record is an
 * empty file whose name contains all data, so that it is created atomically. It is in the data folder and not in the
 * database, because processes belong to a machine.
 */
@Injectable()
export class ProcessRegistry {
  private readonly logger = new Logger(ProcessRegistry.name);
  private readonly folder: string;
  private readonly runsFolder: string;
  private readonly living = new Set<number>();
  /** Kills all steps at any exit that still runs code, so that they do not continue without the server. */
  private readonly onExit = () => {
    for (const groupId of this.living) signalGroup(groupId, 'SIGKILL');
  };

  constructor(@Inject(CONFIG) { dataDir }: Config) {
    this.folder = join(dataDir, 'processes');
    this.runsFolder = join(dataDir, 'runs');
    makePrivateFolder(this.folder);
  }

  /**
   * Records a group synchronously right after its start, to keep the unrecorded period short. If the record cannot be
   * written, for example because the disk is full, the step continues. `killLeftovers` also searches environments.
   * @returns a function that removes the record
   */
  remember(groupId: number): () => void {
    if (this.living.size === 0) process.on('exit', this.onExit);
    this.living.add(groupId);
    const file = join(this.folder, `${groupId}.${startOf(groupId) ?? 'gone'}`);
    try {
      writeFileSync(file, '');
    } catch (error) {
      this.logger.warn(`Recording process group ${groupId} failed: ${String(error)}`);
    }
    return () => {
      this.living.delete(groupId);
      if (this.living.size === 0) process.off('exit', this.onExit);
      try {
        rmSync(file, { force: true });
      } catch (error) {
        this.logger.warn(`Deleting the record of process group ${groupId} failed: ${String(error)}`);
      }
    };
  }

  /** Kills processes that a previous server process left running. Spares unrelated processes with a reused id. */
  async killLeftovers(): Promise<number> {
    const killed = new Set<number>();
    const deadline = performance.now() + DEAD_WITHIN_MS;
    // Repeat until none is found: a dying process may have started another one.
    for (let left = this.findLeftovers(); left.length > 0; left = this.findLeftovers()) {
      for (const pid of left) {
        killed.add(pid);
        kill(pid);
      }
      if (performance.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (killed.size > 0) {
      this.logger.warn(`Killed ${killed.size} processes left over from an earlier start.`);
    }
    for (const name of readdirSync(this.folder)) rmSync(join(this.folder, name), { force: true });
    return killed.size;
  }

  /**
   * Returns members of the recorded groups. Adds processes started just before the crash and processes that left their
   * group, found by the runs folder in their environment.
   */
  private findLeftovers(): number[] {
    const members = readdirSync(this.folder).flatMap((name) => {
      const [groupId, started] = splitAtFirst(name, '.');
      if (!groupIsAlive(Number(groupId)) || !this.isOurs(Number(groupId), started)) return [];
      const pids = membersOfGroup(Number(groupId));
      return pids.length > 0 ? pids : [-Number(groupId)]; // the group as a whole if members cannot be listed
    });
    return [...new Set([...members, ...processesWithEnvironment(this.environmentMark())])];
  }

  private isOurs(groupId: number, started: string): boolean {
    const leader = startOf(groupId);
    if (leader !== null) return leader === started;
    // The leader has exited. While members exist, the system does not reuse the group's number. An unrelated group may
    // still have taken it and lost its leader too, so check the environment of the members.
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
    // The process has already exited.
  }
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
