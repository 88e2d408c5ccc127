import { Injectable } from '@nestjs/common';
import { ArtifactFiles } from '../artifacts/artifact-files';
import { Clock } from '../clock/clock';
import type { Run } from '../runs/run';
import type { Secrets } from '../runs/secret-seal';
import { RunClaims } from '../workers/run-claims';
import type { AssignedRun } from './control-plane';
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
    this.tools = { clock, control, artifacts, steps, logBudget: new UnsentLogBudget(), sharesDataDir: true };
  }

  /** @returns null if this worker does not hold the run afterwards */
  async claim(runId: string): Promise<RunAttempt | null> {
    const assignment = await this.claims.claimForEmbedded(runId, this.workerId);
    if (assignment === null) return null;
    const { run, secrets, definition, elapsedMs } = assignment;
    const tools = { ...this.tools, config: this.settings.current() };
    return new RunAttempt(this.workerId, { run: assigned(run, secrets), definition, elapsedMs }, tools);
  }
}

/** Names the members, because V8 takes long to copy a run, which has many fields. */
function assigned(run: Run, secrets: Secrets): AssignedRun {
  const { runId, projectId, scope, attempt, leaseToken, params, runInputs, quota, earlierOutputs } = run;
  return {
    runId,
    projectId,
    scope,
    attempt,
    leaseToken,
    params: { ...params, ...secrets },
    runInputs,
    quota,
    earlierOutputs,
    currentResult: run.currentResult,
    steps: run.steps,
  };
}
