import { sizeText } from '../config/size-text';

/** The sentences about the free disk space, for problems, health and pages. */
export function lowSpaceText(freeBytes: number, minBytes: number): string {
  return (
    `Only ${sizeText(freeBytes, Math.floor)} are free in DATA_DIR. The server starts no new runs below ` +
    `${sizeText(minBytes)} (MIN_FREE_DISK_MB). Free some space. No restart is needed.`
  );
}

export function noRoomText(
  fileBytes: number,
  { freeBytes, reservedBytes, minBytes }: { freeBytes: number; reservedBytes: number; minBytes: number },
): string {
  return (
    `The file needs ${sizeText(fileBytes)} more. DATA_DIR has ${sizeText(freeBytes, Math.floor)} of free space: ` +
    `${sizeText(reservedBytes)} are reserved for other uploads, and ${sizeText(minBytes)} must stay free ` +
    '(MIN_FREE_DISK_MB). Free some space, or try again later.'
  );
}

/** Returns text such as "12 GB free", rounded so that it rarely changes. */
export function freeSpaceText(freeBytes: number): string {
  return Number.isFinite(freeBytes) ? `${sizeText(freeBytes)} free` : 'enough free space';
}
