import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { hasRestoredNotice, removeRestoredNotice } from '../lifecycle/restored-notice';
import { RunRepository } from '../runs/run.repository';
import { RunsService } from '../runs/runs.service';

const TRY_AGAIN_MS = 1000;

/**
 * Ends the runs that were active when a restored backup was made. They may have ended since, and the original server may
 * still have them. So they are not taken up as after a crash, and their requests are not published again.
 */
@Injectable()
export class RestoredRuns implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(RestoredRuns.name);
  private timer: NodeJS.Timeout | null = null;
  /** The active runs at the start; null before they could be read. */
  private active: string[] | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
  ) {}

  /** Runs at this stage, because later ones claim and request runs. */
  async onModuleInit(): Promise<void> {
    await this.endAll();
  }

  onModuleDestroy(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  /** The server also starts while nothing can be written. It then tries again, and until then, no run can be claimed. */
  private async endAll(): Promise<void> {
    try {
      if (!hasRestoredNotice(this.config.dataDir)) return;
      this.active ??= (await this.runs.allActive()).map(({ runId }) => runId);
      await Promise.all(this.active.map((runId) => this.service.command(runId, { type: 'end-restored' })));
      removeRestoredNotice(this.config.dataDir);
      this.logger.log(
        `This data folder was restored from a backup. Runs ended that were active in it: ${this.active.length}.`,
      );
    } catch (error) {
      this.logger.error(
        `Ending the runs that were active in the restored backup failed, retrying: ${String(error)}`,
      );
      this.timer = setTimeout(() => void this.endAll(), TRY_AGAIN_MS);
    }
  }
}
