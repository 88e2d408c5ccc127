import { Injectable } from '@nestjs/common';
import { ArtifactFiles } from '../artifacts/artifact-files';
import { Clock } from '../clock/clock';
import { RunClaims } from '../workers/run-claims';
import { LocalControlPlane } from './local-control-plane';
import { UnsentLogBudget } from './unsent-log-budget';
import type { AttemptTools } from './attempt-tools';
import { RunAttempt } from './run-attempt';
import { StepRunner } from './step-runner';
import { StepSettings } from './step-settings';

/** Claims runs for the embedded worker, and prepares their execution. */
@Injectable()
export class EmbeddedAttempts {
  readonly workerId: string;
  private readonly tools: Omit<AttemptTools, 'config'>;

  constructor(
    private readonly claims: RunClaims,
    control: LocalControlPlane,
    private readonly settings: StepSettings,
    clock: Clock,
    artifacts: ArtifactFiles,
    steps: StepRunner,
  ) {
    this.workerId = control.workerId;
    this.tools = { clock, control, artifacts, steps, logBudget: new UnsentLogBudget() };
  }

  /** @returns null if this worker does not hold the run afterwards */
  async claim(runId: string): Promise<RunAttempt | null> {
    const assignment = await this.claims.claimForEmbedded(runId, this.workerId);
    if (assignment === null) return null;
    const { run } = assignment;
    const params = { ...run.params, ...run.secrets };
    const tools = { ...this.tools, config: this.settings.current() };
    return new RunAttempt(this.workerId, { ...assignment, run: { ...run, params } }, tools);
  }
}
