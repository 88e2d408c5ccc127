import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import type { Run } from './run';

/** Notifies listeners in this process, after the commit, that a run has changed. Listeners then read what they need. */
@Injectable()
export class RunChanges {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  announce(run: Run): void {
    this.emitter.emit('any', run);
    this.emitter.emit(run.runId, run);
  }

  /** @returns a function that removes the listener */
  onChange(runId: string, listener: (run: Run) => void): () => void {
    this.emitter.on(runId, listener);
    return () => void this.emitter.off(runId, listener);
  }

  /** @returns a function that removes the listener */
  onAnyChange(listener: (run: Run) => void): () => void {
    this.emitter.on('any', listener);
    return () => void this.emitter.off('any', listener);
  }
}
