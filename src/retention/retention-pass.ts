import { Inject, Injectable } from '@nestjs/common';
import { toInstant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { PurgeRepository, SHORT_PORTION } from './purge.repository';
import { Purger } from './purger';
import type { PassRecord } from './retention.entities';
import { RetentionClock } from './retention-clock';
import { type ProjectPlan, RetentionPlanner } from './retention-planner';
import { type Part, PARTS, stretchOf } from './retention-rule';

/** Late events are dropped for at least that long. The longest quota day has 25 hours. */
const MIN_MEMORY_HOURS = 25;
const FORGOTTEN_AT_ONCE = 50;

export type PassResult = Pick<PassRecord, Part | 'bytes'>;

/** One pass over all projects: deletes the runs that exceed a limit, and logs and files that are older than theirs. */
@Injectable()
export class RetentionPass {
  constructor(
    private readonly planner: RetentionPlanner,
    private readonly purges: PurgeRepository,
    private readonly purger: Purger,
    private readonly time: RetentionClock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'runEventsRetentionHours'>,
  ) {}

  /** @param result counts what is done, so that a pass that fails has a result too */
  async run(result: PassResult): Promise<void> {
    const nowMs = await this.time.nowMs();
    await this.time.store();
    await this.forgetDeletedRuns(nowMs);
    // Continues what an earlier pass could not complete.
    await this.purger.drain();
    for (const plan of await this.planner.plans(nowMs)) {
      for (const part of PARTS) await this.delete(plan, part, result);
    }
  }

  private async delete({ projectId, before }: ProjectPlan, part: Part, result: PassResult): Promise<void> {
    let stretch = stretchOf(before, part);
    while (stretch && !this.purger.isStopping) {
      const startedMs = performance.now();
      const marked = await this.purges.mark({
        stretch: { projectId, part, ...stretch },
        portion: SHORT_PORTION,
      });
      result[part] += marked.runs;
      result.bytes += marked.bytes;
      stretch = marked.next === null ? null : { ...stretch, after: marked.next };
      await this.purger.pause(performance.now() - startedMs);
      // After each portion, so that few deletions are in progress at a time.
      if (marked.runs > 0) await this.purger.drain();
    }
  }

  private async forgetDeletedRuns(nowMs: number): Promise<void> {
    const hours = Math.max(this.config.runEventsRetentionHours, MIN_MEMORY_HOURS);
    const before = toInstant(nowMs - hours * 3_600_000);
    let forgotten = FORGOTTEN_AT_ONCE;
    while (forgotten === FORGOTTEN_AT_ONCE && !this.purger.isStopping) {
      const startedMs = performance.now();
      forgotten = await this.purges.forgetDeleted({ before, limit: FORGOTTEN_AT_ONCE });
      await this.purger.pause(performance.now() - startedMs);
    }
  }
}
