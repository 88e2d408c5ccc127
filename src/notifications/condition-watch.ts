import { Injectable } from '@nestjs/common';
import type { LastingCondition } from '../projects/notify-rules';
import type { OpenCondition } from './delivery';

/** Finds the conditions of one kind. `ConditionEngine` announces each once, and clears it when it is no longer found. */
export interface ConditionWatch {
  readonly kind: LastingCondition;
  /** Milliseconds between two checks. */
  readonly everyMs: number;
  /**
   * Returns every condition that holds now, with the same subject as long as it lasts, also after a restart. An
   * unfinished list would clear the others, so throw if it is not known.
   * @param announced conditions of this kind that have not been cleared. They contain what a restart loses
   */
  open(announced: readonly OpenCondition[]): Promise<OpenCondition[]>;
}

/** The watches of all modules. */
@Injectable()
export class ConditionWatches {
  private readonly watches: ConditionWatch[] = [];

  /** Call it in `onModuleInit`. */
  add(watch: ConditionWatch): void {
    this.watches.push(watch);
  }

  all(): readonly ConditionWatch[] {
    return this.watches;
  }
}
