import { EventEmitter } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { elapsedMs } from '../clock/clock';
import { OutboxRelay } from '../events/outbox-relay';
import { isTerminal, type Run } from './run';

/**
 * Announces committed changes of runs: in the log, to the relay of events, and to listeners in this process. Listeners
 * then read what they need.
 */
@Injectable()
export class RunChanges {
  private readonly logger = new Logger('Runs');
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  constructor(private readonly relay: OutboxRelay) {}

  /**
   * Call it after the commit.
   * @param hasEmitted the change added events to the outbox
   */
  announce(run: Run, hasEmitted: boolean): void {
    if (hasEmitted) this.relay.kick();
    this.emitter.emit('any', run);
    this.wakeReaders(run);
    const { runId, projectId, status, statusReason } = run;
    if (run.revision === 1) {
      const msg = `Run started (trigger: ${run.triggeredBy}, scope: ${run.scope})`;
      this.logger.log({ runId, projectId, msg });
    }
    if (!isTerminal(run)) return;
    const why = statusReason === null ? '' : `, ${statusReason}`;
    const msg = `Run ${status}${why} after ${elapsedMs(run.startedAt, run.endedAt!)} ms`;
    this.logger.log({ runId, projectId, msg });
  }

  /**
   * Wakes the readers of a run that has not changed itself, for example because the reason why it waits has. Call it after
   * the commit.
   */
  wakeReaders(run: Run): void {
    this.emitter.emit(run.runId, run);
  }

  /**
   * Calls the listener for each change of the run, and when its readers are woken.
   * @returns a function that removes the listener
   */
  onChange(runId: string, listener: (run: Run) => void): () => void {
    this.emitter.on(runId, listener);
    return () => void this.emitter.off(runId, listener);
  }

  /**
   * Calls the listener for each change of any run.
   * @returns a function that removes the listener
   */
  onAnyChange(listener: (run: Run) => void): () => void {
    this.emitter.on('any', listener);
    return () => void this.emitter.off('any', listener);
  }
}
