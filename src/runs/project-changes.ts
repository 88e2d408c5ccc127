import { Injectable } from '@nestjs/common';
import { InputFiles } from '../inputs/input-files';
import type { KnownProject } from '../projects/project-catalogue';
import { LatestRuns } from './latest-runs';
import { changeSince } from './project-change';
import type { Run } from './run';
import { RunQueries } from './run-queries';

type LastWhole = Awaited<ReturnType<LatestRuns['lastWhole']>>;

/** Whether what a project last brought out is still what it would bring out. */
@Injectable()
export class ProjectChanges {
  /** By project: what it last ran with, as of which run. Only another run can change it. */
  private readonly lastWhole = new Map<string, { asOf: string; found: LastWhole }>();

  constructor(
    private readonly latest: LatestRuns,
    private readonly queries: RunQueries,
    private readonly inputs: InputFiles,
  ) {}

  /** @param run the latest of the project. @returns what changed since, in words; null where nothing did */
  async since(project: KnownProject, run: Run | null): Promise<string | null> {
    if (run?.status !== 'completed') return null;
    const { definition, definitionHash } = project;
    const last = (await this.lastWholeAsOf(run)) ?? run;
    const inputs = definition.inputs === null ? null : this.inputs.current();
    if (last.definitionHash === definitionHash && (inputs === null || inputs === last.runInputs)) return null;
    const then =
      last.definitionHash === definitionHash
        ? definition
        : await this.queries.definition(last.definitionHash);
    return changeSince({ definition: then, inputs: last.runInputs }, { definition, inputs });
  }

  private async lastWholeAsOf({ projectId, runId, revision }: Run): Promise<LastWhole> {
    const asOf = `${runId} ${revision}`;
    const known = this.lastWhole.get(projectId);
    if (known?.asOf === asOf) return known.found;
    const found = await this.latest.lastWhole(projectId);
    this.lastWhole.set(projectId, { asOf, found });
    return found;
  }
}
