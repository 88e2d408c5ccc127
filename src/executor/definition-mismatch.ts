import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock';
import type { Attempt } from './attempt';
import type { AssignedRun, ControlPlane } from './control-plane';
import { EventReporter } from './event-reporter';

/**
 * An attempt at a run whose definition this worker does not have. Executes nothing, and fails the run with an
 * explanation.
 */
export class DefinitionMismatch implements Attempt {
  constructor(
    private readonly run: Pick<AssignedRun, 'runId' | 'projectId' | 'attempt' | 'leaseToken'>,
    private readonly definitionHash: string,
    /** Hash of the worker's own definition; null if it does not have the project. */
    private readonly ownHash: string | null,
    private readonly workerId: string,
    private readonly control: ControlPlane,
    private readonly clock: Clock,
  ) {}

  get runId(): string {
    return this.run.runId;
  }

  get projectId(): string {
    return this.run.projectId;
  }

  get attempt(): number {
    return this.run.attempt;
  }

  async carryOut(): Promise<void> {
    const { runId, attempt } = this.run;
    const events = new EventReporter(
      runId,
      (list) => this.control.publish(this.run, list),
      this.clock,
      new Logger(DefinitionMismatch.name),
    );
    const end = events.report('run.failed', {
      attempt,
      errorCode: 'DEFINITION_MISMATCH',
      message: this.inWords(),
      reason: 'definition-mismatch',
    });
    await events.published();
    await this.control.finished(this.run, end);
  }

  stop(): void {
    // The attempt ends at once anyway.
  }

  checkStop(): void {
    // The attempt ends at once anyway.
  }

  private inWords(): string {
    const asked = this.definitionHash.slice(0, 12);
    const has =
      this.ownHash === null
        ? `has no project "${this.projectId}"`
        : `has a different definition of project "${this.projectId}" (${this.ownHash.slice(0, 12)})`;
    return (
      `The run requires definition ${asked}, but worker ${this.workerId} ${has}. ` +
      'A worker uses only project files in its own CONFIG_DIR. Copy the project file from the server, then re-run.'
    );
  }
}
