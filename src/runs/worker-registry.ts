import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';

export interface WorkerView {
  workerId: string;
  kind: 'embedded' | 'external';
  lastHeardAt: Instant;
  /** How many runs it carries out at once; null where it never said. */
  slots: number | null;
  runIds: string[];
}

/** Who carries runs out: the workers of this process, and those that are known by the runs that they hold. */
@Injectable()
export class WorkerRegistry {
  private readonly ours = new Map<string, { slots: number; busy: number }>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  update(workerId: string, slots: number, busy: number): void {
    this.ours.set(workerId, { slots, busy });
  }

  remove(workerId: string): void {
    this.ours.delete(workerId);
  }

  capacity(): { slots: number; busy: number } {
    let capacity = { slots: 0, busy: 0 };
    for (const { slots, busy } of this.ours.values()) {
      capacity = { slots: capacity.slots + slots, busy: capacity.busy + busy };
    }
    return capacity;
  }

  async list(): Promise<WorkerView[]> {
    const rows = await this.database.read.query<{
      worker_id: string;
      run_id: string;
      last_heard_at: Instant | null;
    }>(
      "SELECT worker_id, run_id, last_heard_at FROM runs WHERE status = 'running' AND worker_id IS NOT NULL",
    );
    const views = new Map<string, WorkerView>();
    for (const [workerId, { slots }] of this.ours) {
      views.set(workerId, { workerId, kind: 'embedded', lastHeardAt: this.clock.now(), slots, runIds: [] });
    }
    for (const { worker_id: workerId, run_id: runId, last_heard_at: heardAt } of rows) {
      const view = views.get(workerId) ?? {
        workerId,
        kind: 'external',
        lastHeardAt: heardAt ?? '',
        slots: null,
        runIds: [],
      };
      views.set(workerId, { ...view, runIds: [...view.runIds, runId] });
      if (heardAt !== null && heardAt > view.lastHeardAt) views.get(workerId)!.lastHeardAt = heardAt;
    }
    return [...views.values()];
  }
}
