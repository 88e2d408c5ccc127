import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import type { ConfigFile } from '../config-files/config-file';
import { unreadable, UnusableContent } from '../config-files/file-problem';
import { NotWritable, rewriteFile } from '../config-files/rewrite-file';
import { fileSystemProblem } from '../http/file-system-problem';
import { type ErrorCode, JobatoError } from '../http/problem-catalogue';
import { InputFiles } from './input-files';
import { ALLOWLISTS, type InputList, QUERIES, switched } from './input-switch';
import type { AllowedDomain, Query } from './run-inputs';

/** Each writes and syncs a file. */
const MAX_WAITING = 100;

/** Enables and disables queries and domains in their files. */
@Injectable()
export class InputSwitches {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly files: InputFiles,
  ) {}

  /** @throws JobatoError QUERY_NOT_FOUND, INPUT_FILE_INVALID, INPUT_FILE_NOT_WRITABLE, INPUT_SHARED, SERVER_BUSY */
  switchQuery(queryId: string, isEnabled: boolean): Promise<Query> {
    const unknown = notFound('QUERY_NOT_FOUND', 'Query', queryId, this.files.queries.path);
    return this.oneByOne(() => this.switch(this.files.queries, QUERIES, queryId, isEnabled, unknown));
  }

  /** @throws JobatoError DOMAIN_NOT_FOUND, INPUT_FILE_INVALID, INPUT_FILE_NOT_WRITABLE, INPUT_SHARED, SERVER_BUSY */
  switchDomain(domain: string, isEnabled: boolean): Promise<AllowedDomain> {
    const unknown = notFound('DOMAIN_NOT_FOUND', 'Domain', domain, this.files.allowlists.path);
    return this.oneByOne(() => this.switch(this.files.allowlists, ALLOWLISTS, domain, isEnabled, unknown));
  }

  /** Reads the file again, because others write it too. Afterwards this server knows the file as it is, also if refused. */
  private async switch<Item extends { isEnabled: boolean }>(
    { name: file, path }: ConfigFile<Item[]>,
    list: InputList<Item>,
    name: string,
    isEnabled: boolean,
    unknown: JobatoError,
  ): Promise<Item> {
    let item: Item | null = null;
    try {
      await rewriteFile(join(this.config.configDir, file), (text) => {
        const result = switched(text, list, name, isEnabled);
        if (result.outcome === 'unknown') throw unknown;
        if (result.outcome === 'invalid') throw invalidFile(path, result.flaw);
        if (result.outcome === 'shared') throw shared(path, result.line);
        item = result.item;
        return result.outcome === 'changed' ? result.source : null;
      });
    } catch (error) {
      throw asProblem(error, path, unknown);
    } finally {
      await this.files.reload();
    }
    return item!;
  }

  private async oneByOne<Result>(change: () => Promise<Result>): Promise<Result> {
    if (this.waiting >= MAX_WAITING)
      throw new JobatoError('SERVER_BUSY', 'Too many changes of this kind are waiting.', {
        retryAfterSeconds: 1,
      });
    this.waiting++;
    const result = this.last.then(change).finally(() => this.waiting--);
    this.last = result.catch(() => undefined);
    return result;
  }
}

function notFound(code: ErrorCode, what: string, name: string, path: string): JobatoError {
  return new JobatoError(code, `${what} "${name.slice(0, 200)}" is not in ${path}.`);
}

function invalidFile(path: string, { line, reason }: { line: number | null; reason: string }): JobatoError {
  const where = line === null ? path : `${path}, line ${line}`;
  return new JobatoError(
    'INPUT_FILE_INVALID',
    `${where}: ${reason}. Nothing was changed. Fix the file first.`,
  );
}

function shared(path: string, line: number): JobatoError {
  return new JobatoError(
    'INPUT_SHARED',
    `The item in ${path}, line ${line}, shares its values with other parts of the file by an anchor or a merge key. ` +
      'Nothing was changed. Edit the file.',
  );
}

function asProblem(error: unknown, path: string, unknown: JobatoError): unknown {
  if (error instanceof JobatoError) return error;
  if (error instanceof NotWritable)
    return new JobatoError('INPUT_FILE_NOT_WRITABLE', `${path} was not changed: ${error.message}.`);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return unknown;
  const isUnreadable = error instanceof UnusableContent || code !== undefined;
  return (
    fileSystemProblem(error) ??
    (isUnreadable ? invalidFile(path, { line: null, reason: unreadable(error) }) : error)
  );
}
