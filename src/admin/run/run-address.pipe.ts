import { HttpStatus, Injectable, type PipeTransform } from '@nestjs/common';
import { JobatoError } from '../../http/problem-catalogue';
import { RunHistoryRepository } from '../../history/run-history.repository';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import type { Run } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import { PageFrames } from '../page/page-frame';
import { SeeOther, View } from '../page/view';
import { runName } from '../words/run-words';
import { runMark } from '../words/status-mark';
import { timeTextWithSeconds } from '../words/time-text';

/** At least 4 characters, as on the command line. A number names a run of a project, and is no part of an id there. */
const PART_OF_ID = /^[0-9a-f-]{4,35}$/i;
const NUMBER = /^\d+$/;
const LISTED = 20;

/**
 * Finds the run of an address. A part of an id leads to the only run whose id contains it. If several do, the page lists
 * them. @throws JobatoError RUN_NOT_FOUND
 */
@Injectable()
export class RunAddressPipe implements PipeTransform<
  { runId: string; projectId?: string },
  Promise<Run | SeeOther | View>
> {
  constructor(
    private readonly runs: RunRepository,
    private readonly history: RunHistoryRepository,
    private readonly projects: ProjectCatalogue,
    private readonly frames: PageFrames,
  ) {}

  async transform({ runId: ref, projectId }: { runId: string; projectId?: string }) {
    try {
      return await this.runs.get(ref, projectId);
    } catch (error) {
      const isNumber = projectId !== undefined && NUMBER.test(ref);
      if (!(error instanceof JobatoError) || isNumber || !PART_OF_ID.test(ref)) throw error;
      const idPart = ref.toLowerCase();
      const { items, olderThan } = await this.history.page({ projectId, idPart }, LISTED, null);
      const [run, ...others] = items;
      if (run === undefined) throw error;
      if (others.length === 0 && olderThan === null) return new SeeOther(`/runs/${run.runId}`);
      return this.candidates(ref, items, olderThan !== null);
    }
  }

  private async candidates(idPart: string, items: readonly Run[], hasMore: boolean): Promise<View> {
    const frame = await this.frames.frame('Run not found', '/');
    const runs = items.map((run) => ({
      href: `/runs/${run.runId}`,
      runId: run.runId,
      name: runName(this.projects.find(run.projectId)?.definition.name ?? run.projectId, run),
      startedAt: timeTextWithSeconds(run.startedAt),
      mark: runMark(run),
    }));
    return new View('run/candidates', { frame, idPart, runs, hasMore }, { status: HttpStatus.NOT_FOUND });
  }
}
