import { Injectable } from '@nestjs/common';
import { InputFiles } from '../inputs/input-files';
import { WatchChecks } from '../inputs/watch-checks';
import type { KnownProject } from '../projects/project-catalogue';
import { FULL_SCOPE } from '../projects/scope';
import { LatestRunRepository, type RunOrigin } from './latest-run.repository';
import { changesSince } from './project-changes';
import { failedSince, type RerunReason } from './rerun-reason';
import type { Run } from '../runs/run';
import { RunHistoryRepository } from './run-history.repository';
import { RunRepository } from '../runs/run.repository';

/** Number of runs searched for a failed step. Older failures are ignored. */
const LOOK_BACK_RUNS = 20;

interface Past {
  /** Of the last completed run with scope full. */
  lastWhole: RunOrigin | null;
  /** The latest runs, newest first; empty if the latest run had scope full. */
  past: Pick<Run, 'steps'>[];
}

/** Determines whether the latest result of a project is still current. */
@Injectable()
export class UpToDateCheck {
  /** Cache by project, keyed by its latest run and revision. Only a new or changed run makes an entry stale. */
  private readonly pasts = new Map<string, { asOf: string; found: Past }>();

  constructor(
    private readonly latest: LatestRunRepository,
    private readonly runs: RunRepository,
    private readonly inputs: InputFiles,
    private readonly watches: WatchChecks,
    private readonly history: RunHistoryRepository,
  ) {}

  /** @param run the latest run of the project. @returns null if its result is current */
  async reasonFor(project: KnownProject, run: Run | null): Promise<RerunReason | null> {
    if (run?.status !== 'completed') return null;
    const { definition, definitionHash } = project;
    const { lastWhole, past } = await this.pastAsOf(run);
    const failed = failedSince(definition, past);
    if (failed !== null) return { kind: 'step-failed', step: failed };
    const last = lastWhole ?? run;
    const inputs = definition.inputs === null ? null : this.inputs.current();
    const watchedFiles = await this.watches.current(definition);
    const isSameInput =
      (inputs === null || inputs === last.runInputs) &&
      (watchedFiles === null || watchedFiles === last.watchedFiles);
    if (last.definitionHash === definitionHash && isSameInput) return null;
    const then =
      last.definitionHash === definitionHash ? definition : await this.runs.definition(last.definitionHash);
    const changes = changesSince(
      { definition: then, inputs: last.runInputs, watchedFiles: last.watchedFiles },
      { definition, inputs, watchedFiles },
    );
    return changes.length === 0 ? null : { kind: 'changed', changes };
  }

  private async pastAsOf({ projectId, runId, revision, scope }: Run): Promise<Past> {
    const asOf = `${runId} ${revision}`;
    const known = this.pasts.get(projectId);
    if (known?.asOf === asOf) return known.found;
    const [lastWhole, past] = await Promise.all([
      this.latest.lastWhole(projectId),
      // If all steps completed, none can have failed since.
      scope === FULL_SCOPE ? [] : this.history.past(projectId, LOOK_BACK_RUNS),
    ]);
    const found = { lastWhole, past };
    this.pasts.set(projectId, { asOf, found });
    return found;
  }
}
