import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { Transaction } from '../database/writer';
import { LiveResults } from '../results/live-results';
import { ResultFiles } from '../results/result-files';
import { isTerminal, type Run } from '../runs/run';
import { RunChanges } from '../runs/run-changes';
import { type RunHook, RunHooks } from '../runs/run-hooks';

/** Makes the result of a run live in the transaction that ends it, and then writes the pointers. */
@Injectable()
export class LiveResultHook implements RunHook, OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly hooks: RunHooks,
    private readonly changes: RunChanges,
    private readonly results: LiveResults,
    private readonly files: ResultFiles,
  ) {}

  onModuleInit(): void {
    this.hooks.register(this);
    this.stopListening = this.changes.onAnyChange((run) => {
      if (isTerminal(run)) void this.files.ended(run);
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.files.refreshAll();
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  async onEnded(tx: Transaction, runs: Run[]): Promise<void> {
    await this.results.goLive(tx, runs);
  }
}
