import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ConfigFile } from '../config-files/config-file';
import type { FileProblem } from '../config-files/file-problem';
import { MAX_EVENT_BYTES } from '../events/parse-event';
import type { RunInput } from '../events/run-event';
import { JobatoError } from '../http/problem-catalogue';
import { parseAllowlists, parseQueries } from './input-file';
import { type AllowedDomain, MAX_COMBINATIONS, type Query, runInputs } from './run-inputs';

/** Maximum size of inputs. They must fit into one event and one row of a run, next to other data. */
const MAX_INPUTS_BYTES = MAX_EVENT_BYTES / 2;

/** Computes the inputs of runs for projects with `inputs: queries-x-allowlists`, from the two files. */
@Injectable()
export class InputFiles implements OnModuleInit, OnApplicationShutdown {
  private readonly queries: ConfigFile<Query[]>;
  private readonly allowlists: ConfigFile<AllowedDomain[]>;
  /** Cached inputs as JSON text, with the file contents that they were computed from. */
  private made: { queries: Query[] | null; domains: AllowedDomain[] | null; json: string | null } | null =
    null;

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
    const { content: queries } = this.queries;
    const { content: domains } = this.allowlists;
    if (this.made?.queries !== queries || this.made.domains !== domains) {
      const inputs = runInputs(queries ?? [], domains ?? []) ?? [];
      this.made = { queries, domains, json: inputs.length === 0 ? null : JSON.stringify(inputs) };
    }
    return this.made.json;
  }

  /** @throws JobatoError NO_ENABLED_INPUTS with what to fix, VALIDATION if there are more than fit into an event */
  compute(): RunInput[] {
    const missing = [whyNone(this.queries, 'query'), whyNone(this.allowlists, 'domain')].filter(
      (why) => why !== null,
    );
    if (missing.length > 0) {
      throw new JobatoError('NO_ENABLED_INPUTS', `The run would have no inputs: ${missing.join(', and ')}.`);
    }
    const inputs = runInputs(this.queries.content!, this.allowlists.content!);
    if (inputs === null || Buffer.byteLength(JSON.stringify(inputs)) > MAX_INPUTS_BYTES) {
      const count = inputs === null ? `more than ${MAX_COMBINATIONS}` : inputs.length;
      throw new JobatoError(
        'VALIDATION',
        `${this.queries.path} and ${this.allowlists.path} produce ${count} inputs, more than one event can hold. ` +
          'Disable some of them.',
      );
    }
    return inputs;
  }
}

function whyNone(file: ConfigFile<{ isEnabled: boolean }[]>, what: string): string | null {
  if (file.content?.some(({ isEnabled }) => isEnabled)) return null;
  const [problem] = file.problems;
  if (file.content !== null) return `${file.path} has no enabled ${what}`;
  if (problem === undefined) return `${file.path} is missing`;
  return `${file.path} is invalid (${problem.line === null ? '' : `line ${problem.line}: `}${problem.reason})`;
}
