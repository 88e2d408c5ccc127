import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { ArtifactFiles } from '../artifacts/artifact-files';
import { Clock } from '../clock/clock';
import type { WorkerConfig } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ProjectCatalogue } from '../projects/project-catalogue';
import type { Attempt } from './attempt';
import { DefinitionMismatch } from './definition-mismatch';
import { UnsentLogBudget } from './unsent-log-budget';
import type { AttemptTools } from './attempt-tools';
import { RunAttempt } from './run-attempt';
import { ServerLink } from './server-link';
import { StepRunner } from './step-runner';
import type { Claimed } from './worker-api';

/** Prepares the execution of runs that a worker process has claimed. */
@Injectable()
export class ClaimedAttempts {
  private readonly tools: AttemptTools;

  constructor(
    @Inject(CONFIG) config: WorkerConfig,
    private readonly clock: Clock,
    private readonly catalogue: ProjectCatalogue,
    private readonly server: ServerLink,
    artifacts: ArtifactFiles,
    steps: StepRunner,
  ) {
    this.tools = {
      config,
      clock,
      control: server.control,
      artifacts,
      steps,
      logBudget: new UnsentLogBudget(),
      sharesDataDir: existsSync(join(dirname(config.workDir), 'db', 'jobato.db')),
    };
  }

  async prepare(claimed: Claimed): Promise<Attempt> {
    const { leaseToken, elapsedMs } = claimed;
    const { runId, payload } = claimed.request;
    const { projectId, scope, steps, params, attempt, definitionHash, runInputs, quota } = payload;
    const { workerId, control } = this.server;
    const known = await this.project(projectId, definitionHash);
    if (known?.definitionHash !== definitionHash) {
      const ownHash = known?.definitionHash ?? null;
      const run = { runId, projectId, attempt, leaseToken };
      return new DefinitionMismatch(run, definitionHash, ownHash, workerId, control, this.clock);
    }
    const run = {
      runId,
      projectId,
      scope,
      attempt,
      leaseToken,
      params,
      runInputs: runInputs === undefined ? null : JSON.stringify(runInputs),
      quota: quota ?? null,
      earlierOutputs: payload.outputs ?? null,
      currentResult: payload.currentResult ?? null,
      steps: steps.map((name) => ({ name })),
    };
    return new RunAttempt(workerId, { run, definition: known.definition, elapsedMs }, this.tools);
  }

  /** Returns the project as this worker knows it. */
  private async project(projectId: string, definitionHash: string) {
    const known = this.catalogue.find(projectId);
    if (known?.definitionHash === definitionHash) return known;
    // The file may have just changed, before its watcher reported it.
    await this.catalogue.reload();
    return this.catalogue.find(projectId);
  }
}
