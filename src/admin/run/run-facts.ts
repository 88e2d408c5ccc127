import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RunInput } from '../../events/run-event';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { Quotas } from '../../quota/quotas';
import type { Run } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { AlikeRuns } from './alike-runs';
import { RunEnds } from './run-ends';
import { type RunFacts, shownDefinition, type ShownDefinition } from './run-page';

const DEFINITIONS = 500;
/** Inputs of one run can take 512 KiB as JSON. */
const RUNS_WITH_INPUTS = 20;

/** Reads the facts that the page of a run shows. */
@Injectable()
export class RunFactsReader {
  /** By hash, because a definition can be many megabytes and never changes. */
  private readonly definitions = new LRUCache<string, ShownDefinition>({ max: DEFINITIONS });

  /** By run, because they never change and pages of active runs poll. */
  private readonly inputs = new LRUCache<string, RunInput[]>({ max: RUNS_WITH_INPUTS });

  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly alikeRuns: AlikeRuns,
    private readonly ends: RunEnds,
    private readonly quotas: Quotas,
  ) {}

  async read(run: Run): Promise<Omit<RunFacts, 'dueAt' | 'isResultLive'>> {
    const current = this.projects.find(run.projectId);
    const [waiting, definition, alike, quota, rerunOfNumber, end] = await Promise.all([
      this.service.waitingOf(run),
      this.definitionOf(run),
      this.alikeRuns.before(run),
      current && this.quotas.statusOf(current.definition),
      run.rerunOf === null ? null : this.runs.numberOf(run.rerunOf),
      this.ends.of(run),
    ]);
    return {
      run,
      inputs: this.inputsOf(run),
      waiting,
      definition,
      current,
      alike,
      quota,
      rerunOfNumber,
      ...end,
    };
  }

  private inputsOf({ runId, runInputs }: Run): RunInput[] | null {
    if (runInputs === null) return null;
    const known = this.inputs.get(runId);
    if (known) return known;
    const inputs = JSON.parse(runInputs) as RunInput[];
    this.inputs.set(runId, inputs);
    return inputs;
  }

  private async definitionOf({ definitionHash }: Run): Promise<ShownDefinition> {
    const known = this.definitions.get(definitionHash);
    if (known) return known;
    const shown = shownDefinition(await this.runs.definition(definitionHash));
    this.definitions.set(definitionHash, shown);
    return shown;
  }
}
