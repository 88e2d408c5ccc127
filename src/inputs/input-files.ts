import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ConfigFile } from '../config-files/config-file';
import type { FileProblem } from '../config-files/file-problem';
import { MAX_EVENT_BYTES } from '../events/parse-event';
import type { RunInput } from '../events/run-event';
import { JobatoError } from '../http/problem-catalogue';
import { parseAllowlists, parseQueries } from './input-file';
import { type AllowedDomain, type Query, runInputs, type SearchCount, searchCount } from './run-inputs';

/** Maximum size of inputs. They must fit into one event and one row of a run, next to other data. */
const MAX_INPUTS_BYTES = MAX_EVENT_BYTES / 2;

/** Computes the inputs of runs for projects with `inputs: queries-x-allowlists`, from the two files. */
@Injectable()
export class InputFiles implements OnModuleInit, OnApplicationShutdown {
  readonly queries: ConfigFile<Query[]>;
  readonly allowlists: ConfigFile<AllowedDomain[]>;
  /** Cached inputs as JSON text, with the file contents that they were computed from. */
  private made: {
    queries: Query[] | null;
    domains: AllowedDomain[] | null;
    json: string | null;
    isTooLarge: boolean;
  } | null = null;

  constructor(@Inject(CONFIG) config: Config) {
    this.queries = new ConfigFile(config, 'queries.yaml', parseQueries);
    this.allowlists = new ConfigFile(config, 'allowlists.yaml', parseAllowlists);
  }

  async onModuleInit(): Promise<void> {
    await Promise.all([this.queries.open(), this.allowlists.open()]);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.queries.close(), this.allowlists.close()]);
  }

  problems(): FileProblem[] {
    return [...this.queries.problems, ...this.allowlists.problems];
  }

  /** Reloads the files that have changed. */
  async reload(): Promise<void> {
    await Promise.all([this.queries.reload(), this.allowlists.reload()]);
  }

  /** Returns the inputs of a run that starts now, as JSON text; null without inputs. */
  current(): string | null {
    return this.present().json;
  }

  /** Returns how many searches a run that starts now gets. */
  count(): SearchCount {
    return searchCount(this.queries.content ?? [], this.allowlists.content ?? []);
  }

  /** @throws JobatoError NO_ENABLED_INPUTS with what to fix, VALIDATION if there are more than fit into an event */
  compute(): RunInput[] {
    const refusal = this.refusal();
    if (refusal) throw refusal;
    return runInputs(this.queries.content!, this.allowlists.content!)!;
  }

  /** Returns why a run that starts now would be refused; null if it would get inputs. */
  refusal(): JobatoError | null {
    const missing = [whyNone(this.queries, 'query'), whyNone(this.allowlists, 'domain')].filter(
      (why) => why !== null,
    );
    if (missing.length > 0) {
      return new JobatoError('NO_ENABLED_INPUTS', `The run would have no inputs: ${missing.join(', and ')}.`);
    }
    if (!this.present().isTooLarge) return null;
    return new JobatoError(
      'VALIDATION',
      `${this.queries.path} and ${this.allowlists.path} produce ${this.count().searches} inputs, more than one event ` +
        'can hold. Disable some of them.',
    );
  }

  private present(): NonNullable<InputFiles['made']> {
    const { content: queries } = this.queries;
    const { content: domains } = this.allowlists;
    if (this.made?.queries !== queries || this.made.domains !== domains) {
      const inputs = runInputs(queries ?? [], domains ?? []);
      const json = inputs === null || inputs.length === 0 ? null : JSON.stringify(inputs);
      const isTooLarge = inputs === null || Buffer.byteLength(json ?? '') > MAX_INPUTS_BYTES;
      this.made = { queries, domains, json, isTooLarge };
    }
    return this.made;
  }
}

function whyNone(file: ConfigFile<{ isEnabled: boolean }[]>, what: string): string | null {
  if (file.content?.some(({ isEnabled }) => isEnabled)) return null;
  const [problem] = file.problems;
  if (file.content !== null) return `${file.path} has no enabled ${what}`;
  if (problem === undefined) return `${file.path} is missing`;
  return `${file.path} is invalid (${problem.line === null ? '' : `line ${problem.line}: `}${problem.reason})`;
}
