import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Names a process for good: a number alone is given to another one sooner or later. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, as the system tells it, and since which boot; compared, never read. */
  started: string;
}

const HAS_PROC = readOrNull('/proc/self/stat') !== null;
const BOOT = (readOrNull('/proc/sys/kernel/random/boot_id') ?? '').trim().slice(0, 8);

/** Null if there is no such process. */
export function startOf(pid: number): string | null {
  if (HAS_PROC) {
    const ticks = statFields(pid)?.[19];
    return ticks === undefined ? null : `${ticks}-${BOOT}`;
  }
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
        .trim()
        .replace(/\W+/g, '-') || null
    );
  } catch {
    return null;
  }
}

/** @returns false if there is no such group any more */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    // EPERM: a member that became another user; it is there, but not ours to end.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True while a member is alive. Zombies that nobody collects (a container without an init) count as dead. */
export function groupIsAlive(groupId: number): boolean {
  if (!signalGroup(groupId, 0)) return false;
  if (!HAS_PROC) return true;
  return processes().some((pid) => {
    const fields = statFields(pid);
    return fields?.[2] === String(groupId) && fields[0] !== 'Z';
  });
}

/** Processes whose environment holds this text, whatever group they moved to. None where the system can't tell. */
export function processesWithEnvironment(text: string): number[] {
  if (!HAS_PROC) return [];
  return processes().filter(
    (pid) => pid !== process.pid && readOrNull(`/proc/${pid}/environ`)?.includes(text),
  );
}

export function membersOfGroup(groupId: number): number[] {
  return processes().filter((pid) => statFields(pid)?.[2] === String(groupId));
}

/** Who of the group is alive, and which program that is: never its arguments, which may hold secrets. Null where the system can't tell. */
export function livingMembers(groupId: number): { pid: number; name: string }[] | null {
  if (!HAS_PROC) return null;
  return processes().flatMap((pid) => {
    const fields = statFields(pid);
    return fields?.[2] === String(groupId) && fields[0] !== 'Z' ? [{ pid, name: programOf(pid) }] : [];
  });
}

/** The file that it was started from; what a process calls itself may be anything. */
function programOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return readOrNull(`/proc/${pid}/comm`)?.trim() || 'unknown';
  }
}

function processes(): number[] {
  return HAS_PROC
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : [];
}

/** The fields of /proc/<pid>/stat from the third on (proc_pid_stat(5)): state, ppid, pgrp, … starttime at 19. */
function statFields(pid: number): string[] | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
