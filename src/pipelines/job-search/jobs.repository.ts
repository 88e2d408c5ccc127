import Database from 'better-sqlite3';
import { JobSearchError } from './job-search.errors';
import { SIGNATURE_VERSION } from './min-hash';
import type { DuplicateRow, JobRow, StoredFingerprint } from './job-rows';

/** Stored in the file as `user_version`. Raise it with a migration for each change to the tables. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    company TEXT NOT NULL,
    location TEXT NOT NULL,
    url TEXT NOT NULL,
    source TEXT NOT NULL,
    query TEXT NOT NULL,
    score INTEGER NOT NULL,
    score_version INTEGER NOT NULL,
    explanation TEXT NOT NULL,
    posted_at TEXT,
    first_seen_run TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_seen_run TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    captured_at TEXT,
    page_tries INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX jobs_first_seen_run ON jobs (first_seen_run);
  CREATE INDEX jobs_score ON jobs (score);
  CREATE TABLE duplicates (
    id TEXT PRIMARY KEY,
    duplicate_of TEXT NOT NULL REFERENCES jobs (id),
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    source TEXT NOT NULL,
    first_seen_run TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    captured_at TEXT,
    page_tries INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX duplicates_duplicate_of ON duplicates (duplicate_of);
  CREATE TABLE fingerprints (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id),
    version INTEGER NOT NULL,
    exact_key TEXT NOT NULL,
    signature BLOB
  ) STRICT;
`;

/** Values of the columns on the page of a posting. A run counts as a try, however often it asks. */
const PAGE_VALUES = "iif(@page = 'captured', @now, NULL), iif(@page IS NULL, 0, 1)";
const PAGE_UPDATE = (table: 'jobs' | 'duplicates') =>
  `captured_at = coalesce(excluded.captured_at, ${table}.captured_at),
   page_tries = ${table}.page_tries + excluded.page_tries`;

/** Tables of a result file. All SQL on them is here. */
export class JobsRepository {
  private constructor(private readonly database: Database.Database) {}

  /** @throws JobSearchError if the file is not a result of this project */
  static openReadOnly(file: string): JobsRepository {
    return JobsRepository.open(file, () => new Database(file, { readonly: true, fileMustExist: true }));
  }

  /** Opens a copy that no other program uses, and updates its tables. */
  static openCopy(file: string): JobsRepository {
    return JobsRepository.open(file, () => {
      const database = new Database(file, { fileMustExist: true });
      // The header of a copy can ask for a WAL, which would be a second file beside the result.
      database.pragma('journal_mode = DELETE');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      return database;
    });
  }

  static create(file: string): void {
    const database = new Database(file);
    database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    database.close();
  }

  private static open(file: string, open: () => Database.Database): JobsRepository {
    let database: Database.Database | null = null;
    try {
      database = open();
      const version = database.pragma('user_version', { simple: true });
      if (version === SCHEMA_VERSION) return new JobsRepository(database);
      database.close();
    } catch (error) {
      database?.close();
      throw invalid(file, (error as Error).message);
    }
    throw invalid(file, 'it was written by another program or another version');
  }

  /** Copies the whole database with SQLite's backup, which is consistent while others read it. */
  async copyTo(file: string): Promise<void> {
    await this.database.backup(file);
  }

  /** Runs all changes in one transaction. */
  change(changes: () => void): void {
    this.database.transaction(changes).immediate();
  }

  jobIds(): string[] {
    return this.database.prepare<[], string>('SELECT id FROM jobs ORDER BY id').pluck().all();
  }

  /** Returns the job that each known duplicate stands for. */
  duplicateIds(): { id: string; duplicateOf: string }[] {
    return this.database
      .prepare<[], { id: string; duplicateOf: string }>(
        'SELECT id, duplicate_of AS duplicateOf FROM duplicates ORDER BY id',
      )
      .all();
  }

  /** Returns what is known of the pages of all jobs and duplicates. */
  pages(): { id: string; isCaptured: number; tries: number }[] {
    return this.database
      .prepare<[], { id: string; isCaptured: number; tries: number }>(
        `SELECT id, captured_at IS NOT NULL AS isCaptured, page_tries AS tries FROM jobs
         UNION ALL SELECT id, captured_at IS NOT NULL, page_tries FROM duplicates`,
      )
      .all();
  }

  /** The oldest jobs are first, so that they are the originals of duplicates. */
  fingerprints(): StoredFingerprint[] {
    return this.database
      .prepare<[number], StoredFingerprint>(
        `SELECT jobs.id, title, company, location, exact_key AS exactKey, signature
         FROM jobs JOIN fingerprints ON job_id = jobs.id
         WHERE version = ? ORDER BY first_seen_at, jobs.id`,
      )
      .all(SIGNATURE_VERSION);
  }

  /** Inserts a job, or updates a known one without changing when it was first seen. */
  saveJob(job: JobRow): void {
    this.database
      .prepare(
        `INSERT INTO jobs (id, title, company, location, url, source, query, score, score_version, explanation,
           posted_at, first_seen_run, first_seen_at, last_seen_run, last_seen_at, captured_at, page_tries)
         VALUES (@id, @title, @company, @location, @url, @source, @query, @score, @scoreVersion, @explanation,
           @postedAt, @runId, @now, @runId, @now, ${PAGE_VALUES})
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, company = excluded.company,
           location = excluded.location, url = excluded.url, source = excluded.source, query = excluded.query,
           score = excluded.score, score_version = excluded.score_version, explanation = excluded.explanation,
           posted_at = excluded.posted_at, last_seen_run = excluded.last_seen_run,
           last_seen_at = excluded.last_seen_at, ${PAGE_UPDATE('jobs')}`,
      )
      .run(job);
    this.database
      .prepare(
        'INSERT OR REPLACE INTO fingerprints (job_id, version, exact_key, signature) VALUES (?, ?, ?, ?)',
      )
      .run(job.id, SIGNATURE_VERSION, job.exactKey, job.signature);
  }

  /** Updates a known job without its score and fingerprint, which come from a better text than this run has. */
  saveSeen(job: JobRow): void {
    this.database
      .prepare(
        `UPDATE jobs SET title = @title, company = @company, location = @location, url = @url, source = @source,
           posted_at = @postedAt, last_seen_run = @runId, last_seen_at = @now WHERE id = @id`,
      )
      .run(job);
  }

  /** Inserts or updates a duplicate. Its job counts as seen too. */
  saveDuplicate(duplicate: DuplicateRow): void {
    this.database
      .prepare(
        `INSERT INTO duplicates (id, duplicate_of, title, url, source, first_seen_run, first_seen_at, last_seen_at,
           captured_at, page_tries)
         VALUES (@id, @duplicateOf, @title, @url, @source, @runId, @now, @now, ${PAGE_VALUES})
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, url = excluded.url, source = excluded.source,
           last_seen_at = excluded.last_seen_at, ${PAGE_UPDATE('duplicates')}`,
      )
      .run(duplicate);
    this.database
      .prepare('UPDATE jobs SET last_seen_run = @runId, last_seen_at = @now WHERE id = @duplicateOf')
      .run(duplicate);
  }

  /** Returns how many jobs were first seen in a run, and how many of them have at least this score. */
  countNew(runId: string, threshold: number): { newJobs: number; relevant: number } {
    return this.database
      .prepare<[number, string], { newJobs: number; relevant: number }>(
        `SELECT count(*) AS newJobs, count(*) FILTER (WHERE score >= ?) AS relevant
         FROM jobs WHERE first_seen_run = ?`,
      )
      .get(threshold, runId)!;
  }

  /** @throws JobSearchError if the file is damaged */
  assertSound(): void {
    const result = this.database.pragma('integrity_check', { simple: true });
    const broken = this.database.pragma('foreign_key_check') as unknown[];
    if (result !== 'ok' || broken.length > 0)
      throw new JobSearchError('INVALID_CURRENT_RESULT', `The new result is damaged: ${String(result)}.`);
  }

  close(): void {
    this.database.close();
  }
}

function invalid(file: string, reason: string): JobSearchError {
  return new JobSearchError(
    'INVALID_CURRENT_RESULT',
    `The live result ${file} cannot be used: ${reason}. Go back to an earlier result of this project.`,
  );
}
