import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/writer';
import { isTerminal, type Run } from './run';

/**
 * A part of the transaction that starts or ends runs. It may run again after a rollback of its group, so it must not
 * change anything in memory. An error rolls the transaction back.
 */
export interface RunHook {
  /** Called after these runs were inserted. */
  onStarted?(tx: Transaction, runs: Run[]): Promise<void>;
  /** Called after the final status of these runs was stored. */
  onEnded?(tx: Transaction, runs: Run[]): Promise<void>;
}

/** The hooks of modules that write rows together with the start or the end of a run. */
@Injectable()
export class RunHooks {
  private readonly hooks: RunHook[] = [];

  /** Registers a hook. Call it in `onModuleInit`, before the first run changes. */
  register(hook: RunHook): void {
    this.hooks.push(hook);
  }

  async started(tx: Transaction, runs: Run[]): Promise<void> {
    if (runs.length === 0) return;
    for (const hook of this.hooks) await hook.onStarted?.(tx, runs);
  }

  /** @param changed runs that were active before; some of them may be so still */
  async changed(tx: Transaction, changed: Run[]): Promise<void> {
    if (this.hooks.length === 0) return;
    const ended = changed.filter(isTerminal);
    if (ended.length === 0) return;
    for (const hook of this.hooks) await hook.onEnded?.(tx, ended);
  }
}
