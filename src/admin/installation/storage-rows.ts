import { type MeasuredFolder, MEASURED_FOLDERS, type StorageReportNow } from '../../retention/storage-report';
import { sizeText } from '../../config/size-text';
import { type TimeText, timeTextOrNull } from '../words/time-text';

export interface StorageTable {
  rows: StorageRow[];
  /** Null while the first measurement is in progress. */
  measuredAt: TimeText | null;
  /** The file keeps its free pages: see `jobato compact`. */
  isNotReturning: boolean;
}

export interface StorageRow {
  name: string;
  /** Null while it is measured. */
  size: string | null;
  note: string | null;
}

const FOLDER_NAMES: Record<MeasuredFolder, string> = {
  runs: 'Folders of runs',
  work: 'Work folders of projects',
  html: 'Captured pages',
  results: 'Results',
};

export function storageTable({ database, disk, measured }: StorageReportNow): StorageTable {
  const { usedBytes, freeBytes, walBytes } = database;
  const row = (name: string, bytes: number | null, note: string | null = null): StorageRow => ({
    name,
    size: bytes === null ? null : sizeText(bytes),
    note,
  });
  return {
    rows: [
      row('Database file', usedBytes + freeBytes, `${sizeText(freeBytes)} of it free for new rows`),
      row('Logs', measured && measured.rows.logs, 'in the database'),
      row('Events', measured && measured.rows.events, 'in the database'),
      row('Write-ahead log', walBytes),
      ...MEASURED_FOLDERS.map((name): StorageRow => {
        const size = measured && measured.folders[name];
        const note =
          name === 'runs' && measured ? `${sizeText(measured.rows.artifacts)} of it artifacts` : null;
        const { name: label, size: text } = row(FOLDER_NAMES[name], size && size.bytes);
        return { name: label, size: size?.isAtLeast ? `more than ${text}` : text, note };
      }),
      row('Free disk space', disk && disk.freeBytes, disk && `of ${sizeText(disk.totalBytes)}`),
    ],
    measuredAt: timeTextOrNull(measured && measured.measuredAt),
    isNotReturning: !database.returnsFreePages,
  };
}
