import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import type { Run } from './run';

/** Tells this process, after the commit, that a run has changed: it wakes readers, who then read for themselves. */
@Injectable()
export class RunChanges {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  announce(run: Run): void {
    this.emitter.emit('any', run);
    this.emitter.emit(run.runId, run);
  }

  /** @returns what ends it */
  onChange(runId: string, listener: (run: Run) => void): () => void {
    this.emitter.on(runId, listener);
    return () => void this.emitter.off(runId, listener);
  }

  /** @returns what ends it */
  onAnyChange(listener: (run: Run) => void): () => void {
    this.emitter.on('any', listener);
    return () => void this.emitter.off('any', listener);
  }
}
