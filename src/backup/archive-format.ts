import type { Instant } from '../clock/clock';
import { Schema } from '../schemas/schema';

/** Increased when an older version could not read the archive. */
export const FORMAT_VERSION = 1;
/** The first entry of an archive. */
export const MANIFEST_ENTRY = 'manifest.json';
export const DATABASE_ENTRY = 'db/jobato.db';
/** The last entry of an archive: without it, the archive is cut off. */
export const REPORT_ENTRY = 'report.json';
/** Limit for each of the two JSON entries, which are read into memory. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024;

/** Folders of DATA_DIR that a backup can have beside the database. */
export const PARTS = ['runs', 'results', 'html', 'work'] as const;
export type Part = (typeof PARTS)[number];
/** The files that runs created, as opposed to the folders that their steps work in. */
export const FILE_PARTS: readonly Part[] = ['runs', 'results', 'html'];

export interface Manifest {
  format: 'jobato-backup';
  formatVersion: number;
  jobatoVersion: string;
  createdAt: Instant;
  /** The id of the database that was copied. A restored database gets its own. */
  installationId: string | null;
  lastMigration: string;
  parts: Part[];
  database: { bytes: number; sha256: string; rows: Record<string, number> };
}

/**
 * Why a file is not in the archive as it is on the disk:
 * - `vanished`: it was deleted or moved before it could be read
 * - `changed`: it became shorter, or could not be read to its end; the rest is filled with zeros
 * - `unreadable`: the user of this process has no access
 * - `link`: a symbolic link that leads out of its folder, or may
 * - `special`: a pipe, socket or device
 * - `path-too-long`: the path is longer than an archive may have
 */
export type SkipReason = 'vanished' | 'changed' | 'unreadable' | 'link' | 'special' | 'path-too-long';

export interface Report {
  /** Number of entries between the manifest and this report. */
  entries: number;
  /** Hash over all entries before this report: names, types, modes, sizes and contents. */
  sha256: string;
  /** The first of them. Bytes that are not UTF-8 are replaced. */
  skipped: { path: string; reason: SkipReason }[];
  skippedCount: number;
}

const TEXT = { type: 'string', maxLength: 200 } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;
const SHA256 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;

const MANIFEST = new Schema<Manifest>({
  type: 'object',
  required: ['format', 'formatVersion', 'jobatoVersion', 'createdAt', 'lastMigration', 'parts', 'database'],
  properties: {
    format: { const: 'jobato-backup' },
    formatVersion: COUNT,
    jobatoVersion: TEXT,
    createdAt: TEXT,
    installationId: { type: ['string', 'null'], maxLength: 200 },
    lastMigration: TEXT,
    parts: { type: 'array', items: TEXT, maxItems: 20 },
    database: {
      type: 'object',
      required: ['bytes', 'sha256', 'rows'],
      properties: { bytes: COUNT, sha256: SHA256, rows: { type: 'object' } },
    },
  },
});

const REPORT = new Schema<Report>({
  type: 'object',
  required: ['entries', 'sha256', 'skipped', 'skippedCount'],
  properties: {
    entries: COUNT,
    sha256: SHA256,
    skipped: { type: 'array' },
    skippedCount: COUNT,
  },
});

/** @returns null if the text is not a manifest */
export function parseManifest(text: string): Manifest | null {
  return parsed(MANIFEST, text);
}

/** @returns null if the text is not a report */
export function parseReport(text: string): Report | null {
  return parsed(REPORT, text);
}

function parsed<Content>(schema: Schema<Content>, text: string): Content | null {
  try {
    const value: unknown = JSON.parse(text);
    return schema.faultsOf(value).length === 0 ? (value as Content) : null;
  } catch {
    return null;
  }
}
