import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import type { ProjectDefinition, StepDefinition } from '../projects/project';
import { referencesIn } from '../projects/placeholders';
import { planOf } from '../projects/step-graph';
import { RunsService } from '../runs/runs.service';
import { isWithin, realLocation } from './file-location';
import { SecretMask } from './secret-mask';
import { obstacleText } from './start-failure';
import { findStartObstacle, pathsOf, type StartRequest } from './start-obstacle';
import { commandOf, workingDirOf } from './step-command';
import { givenVariables, secretsOf } from './step-environment';
import { StepSettings } from './step-settings';

/** Milliseconds for which a program that could start is not checked again: triggers often come in groups. */
const CHECKED_FOR_MS = 10_000;

/**
 * Refuses runs with a first step that certainly cannot start on this machine. Later steps may need what earlier ones make.
 * The folders of runs and projects are below DATA_DIR and may not exist before a run, so nothing there is certain.
 */
@Injectable()
export class StartableSteps implements OnModuleInit {
  /** By all that a check depends on: many steps have the same program. */
  private readonly startable = new LRUCache<string, true>({ max: 1000, ttl: CHECKED_FOR_MS });

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly runs: RunsService,
    private readonly settings: StepSettings,
  ) {}

  onModuleInit(): void {
    if (this.config.worker === 'embedded')
      this.runs.onStart((definition, steps) => this.whyNot(definition, steps));
  }

  private async whyNot({ executor, steps }: ProjectDefinition, chosen: string[]): Promise<string | null> {
    if (executor === 'external') return null;
    const first = new Set(firstSteps(steps, chosen));
    for (const step of steps) {
      const why = first.has(step.name) ? await this.whyNotStep(step) : null;
      if (why !== null) return why;
    }
    return null;
  }

  private async whyNotStep(step: StepDefinition): Promise<string | null> {
    // A failure of these does not fail the run, or not at once: the program may be there for the next attempt.
    if (step.continueOnError || step.retry !== null) return null;
    const request = this.requestOf(step);
    const [program = ''] = request.command;
    // The value of the placeholder is known when the step starts.
    if (referencesIn(program).length > 0) return null;
    const key = JSON.stringify([program, request.env.PATH, request.workingDir]);
    if (this.startable.has(key)) return null;
    const obstacle = await findStartObstacle(request);
    if (obstacle === null) {
      this.startable.set(key, true);
      return null;
    }
    const data = await realLocation(this.config.dataDir);
    for (const path of pathsOf(obstacle)) if (isWithin(await realLocation(path), data)) return null;
    const why = new SecretMask(secretsOf([step], this.settings.current().environment)).apply(
      obstacleText(obstacle),
    );
    return `The run was not started, because its step "${step.name}" cannot start. ${why}`;
  }

  private requestOf(step: StepDefinition): StartRequest {
    const env = givenVariables(step, this.settings.current().environment);
    return { command: commandOf(step, env.PATH), workingDir: workingDirOf(step, env.HOME), env };
  }
}

/** Returns the steps of a scope that wait for no other one. */
function firstSteps(steps: StepDefinition[], chosen: string[]): string[] {
  return planOf(steps, chosen, null)
    .filter(({ after, when }) => after.length === 0 && when !== 'failure')
    .map(({ name }) => name);
}
