import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { BOOT_ID } from '../clock/boot-id';

/** Identifies a process permanently; the system reuses process ids. */
export interface ProcessIdentity {
  pid: number;
  /** Start time as reported by the system, plus the boot id. Only compared, never parsed. */
  started: string;
}

const HAS_PROC = readOrNull('/proc/self/stat') !== null;
const BOOT = (BOOT_ID ?? '').slice(0, 8);

/** Returns when a process started; null if it does not exist. */
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

/** @returns false if the group does not exist */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    // EPERM: a member runs as another user. It exists, but this process cannot signal it.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a member is alive. Zombies that are never reaped (a container without an init process) count as dead. */
export function groupIsAlive(groupId: number): boolean {
  if (!signalGroup(groupId, 0)) return false;
  if (!HAS_PROC) return true;
  return processes().some((pid) => {
    const fields = statFields(pid);
    return fields?.[2] === String(groupId) && fields[0] !== 'Z';
  });
}

/** Returns processes whose environment contains this text, in any group. Empty if the system does not expose it. */
export function processesWithEnvironment(text: string): number[] {
  return processesWith((environment) => environment.includes(text));
}

/** Returns processes whose environment has all these variables with these values, in any group. */
export function processesWithVariables(variables: Record<string, string>): number[] {
  const entries = Object.entries(variables).map(([name, value]) => `\0${name}=${value}\0`);
  return processesWith((environment) => {
    const text = `\0${environment}\0`;
    return entries.every((entry) => text.includes(entry));
  });
}

function processesWith(matches: (environment: string) => boolean): number[] {
  if (!HAS_PROC) return [];
  return processes().filter((pid) => {
    if (pid === process.pid) return false;
    const environment = readOrNull(`/proc/${pid}/environ`);
    return environment !== null && matches(environment);
  });
}

export function membersOfGroup(groupId: number): number[] {
  return processes().filter((pid) => statFields(pid)?.[2] === String(groupId));
}

/**
 * Returns the live processes of a group with their program names. Omits arguments, which may contain secrets. Null if
 * the system does not report processes.
 */
export function livingMembers(groupId: number): { pid: number; name: string }[] | null {
  if (!HAS_PROC) return null;
  return processes().flatMap((pid) => {
    const fields = statFields(pid);
    return fields?.[2] === String(groupId) && fields[0] !== 'Z' ? [{ pid, name: programOf(pid) }] : [];
  });
}

/** Returns the name of the executable, because a process can set its own title to anything. */
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

/**
 * Returns the fields of /proc/<pid>/stat from the third on (proc_pid_stat(5)): state, ppid, pgrp, … starttime at 19.
 */
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
