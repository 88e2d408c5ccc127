import { Injectable } from '@nestjs/common';
import { InputFiles } from '../inputs/input-files';
import type { KnownProject } from '../projects/project-catalogue';
import { FULL_SCOPE } from '../projects/scope';
import { LatestRuns } from './latest-runs';
import { changeSince, failedSince } from './project-change';
import type { Run } from './run';
import { RunHistoryQueries } from './run-history-queries';
import { RunQueries } from './run-queries';

/** For a step that failed: what is longer ago is not looked for. */
const LOOK_BACK_RUNS = 20;

interface Past {
  /** What the project last ran with as a whole. */
  lastWhole: Awaited<ReturnType<LatestRuns['lastWhole']>>;
  /** The latest runs, newest first; none where the latest was of the whole. */
  past: Pick<Run, 'steps'>[];
}

/** Whether what a project last brought out is still what it would bring out. */
@Injectable()
export class ProjectChanges {
  /** By project, as of which run. Only another run can change it. */
  private readonly pasts = new Map<string, { asOf: string; found: Past }>();

  constructor(
    private readonly latest: LatestRuns,
    private readonly queries: RunQueries,
    private readonly inputs: InputFiles,
    private readonly history: RunHistoryQueries,
  ) {}

  /** @param run the latest of the project. @returns what changed since, in words; null where nothing did */
  async since(project: KnownProject, run: Run | null): Promise<string | null> {
    if (run?.status !== 'completed') return null;
    const { definition, definitionHash } = project;
    const { lastWhole, past } = await this.pastAsOf(run);
    const failed = failedSince(definition, past);
    if (failed !== null) return failed;
    const last = lastWhole ?? run;
    const inputs = definition.inputs === null ? null : this.inputs.current();
    if (last.definitionHash === definitionHash && (inputs === null || inputs === last.runInputs)) return null;
    const then =
      last.definitionHash === definitionHash
        ? definition
        : await this.queries.definition(last.definitionHash);
    return changeSince({ definition: then, inputs: last.runInputs }, { definition, inputs });
  }

  private async pastAsOf({ projectId, runId, revision, scope }: Run): Promise<Past> {
    const asOf = `${runId} ${revision}`;
    const known = this.pasts.get(projectId);
    if (known?.asOf === asOf) return known.found;
    const [lastWhole, past] = await Promise.all([
      this.latest.lastWhole(projectId),
      // Where all steps completed, none can have failed since.
      scope === FULL_SCOPE ? [] : this.history.past(projectId, LOOK_BACK_RUNS),
    ]);
    const found = { lastWhole, past };
    this.pasts.set(projectId, { asOf, found });
    return found;
  }
}
