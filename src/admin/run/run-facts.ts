import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { Quotas } from '../../quota/quotas';
import type { Run } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { AlikeRuns } from './alike-runs';
import { RunEnds } from './run-ends';
import { type RunFacts, shownDefinition, type ShownDefinition } from './run-page';

const DEFINITIONS = 500;

/** Reads the facts that the page of a run shows. */
@Injectable()
export class RunFactsReader {
  /** By hash, because a definition can be many megabytes and never changes. */
  private readonly definitions = new LRUCache<string, ShownDefinition>({ max: DEFINITIONS });

  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly alikeRuns: AlikeRuns,
    private readonly ends: RunEnds,
    private readonly quotas: Quotas,
  ) {}

  async read(run: Run): Promise<RunFacts> {
    const current = this.projects.find(run.projectId);
    const [waiting, definition, alike, quota, end, hasOriginal] = await Promise.all([
      this.service.waitingOf(run),
      this.definitionOf(run),
      this.alikeRuns.before(run),
      current && this.quotas.statusOf(current.definition),
      this.ends.of(run),
      run.rerunOf === null || this.runs.exists(run.rerunOf),
    ]);
    return { run, waiting, definition, current, alike, quota, ...end, isOriginalDeleted: !hasOriginal };
  }

  private async definitionOf({ definitionHash }: Run): Promise<ShownDefinition> {
    const known = this.definitions.get(definitionHash);
    if (known) return known;
    const shown = shownDefinition(await this.runs.definition(definitionHash));
    this.definitions.set(definitionHash, shown);
    return shown;
  }
}
