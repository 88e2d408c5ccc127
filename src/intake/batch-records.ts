import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/writer';
import { RejectedEvents, type NewRejectedEvent } from '../events/rejected-events';
import { type LogAppend, type LogAppended, LogStore } from '../logs/log-store';
import { QuotaUsageRepository, type ReportedCalls } from '../quota/quota-usage.repository';
import { Quotas } from '../quota/quotas';
import { DeletedRunRepository } from '../runs/deleted-run.repository';

/** What a batch of events adds to other modules: log lines, calls, and rejected events; and the runs they miss. */
@Injectable()
export class BatchRecords {
  constructor(
    private readonly logs: LogStore,
    private readonly quotas: Quotas,
    private readonly usage: QuotaUsageRepository,
    private readonly rejectedEvents: RejectedEvents,
    private readonly deletedRuns: DeletedRunRepository,
  ) {}

  /** Returns those of the runs that were deleted. Their late events are dropped. */
  async deletedAmong(tx: Transaction, runIds: string[]): Promise<Set<string>> {
    return this.deletedRuns.among(tx, [...new Set(runIds)]);
  }

  async appendLogs(tx: Transaction, appends: LogAppend[]): Promise<LogAppended[]> {
    return appends.length === 0 ? [] : this.logs.appendInTransaction(tx, appends);
  }

  /** Returns the calls that were not counted yet, by run. */
  async countCalls(tx: Transaction, calls: ReportedCalls[]): Promise<Map<string, number>> {
    return this.usage.addCalls(tx, calls, (at) => this.quotas.dayAt(at).day);
  }

  async reject(tx: Transaction, events: NewRejectedEvent[]): Promise<void> {
    await this.rejectedEvents.put(tx, events);
  }
}
