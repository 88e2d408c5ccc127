import { v7 } from 'uuid';
import { toInstant } from '../../src/clock/clock';
import { Database } from '../../src/database/database';
import { ProjectCatalogue } from '../../src/projects/project-catalogue';
import { stepsInScope } from '../../src/projects/scope';
import { QuotaUsageEntity } from '../../src/quota/quota-usage.entity';
import { newRun } from '../../src/runs/new-run';
import type { Run, StepState } from '../../src/runs/run';
import { DefinitionEntity, RunEntity, RunNumberEntity } from '../../src/runs/run.entity';
import type { RunningApp } from '../support/jobato';
import { SeededRandom } from '../support/random';

const HOUR_MS = 3_600_000;

export interface Past {
  projectId: string;
  runs: number;
  /** Between one start and the next. */
  everyHours: number;
  /** About as long each of its steps takes. */
  stepSeconds: number;
  /** Every so many runs one does not go well; 0 = all do. */
  troubleEvery: number;
  metrics?: Record<string, number>;
}

/** Runs that ended before the server started, written straight into its database, so that no test waits a month. */
export async function addPastRuns({ app }: RunningApp, past: Past): Promise<void> {
  const { definition, definitionHash, definitionJson } = app
    .get(ProjectCatalogue, { strict: false })
    .get(past.projectId);
  const random = new SeededRandom(past.projectId.length);
  const database = app.get(Database, { strict: false });
  const rows = database.rows(RunEntity);
  const definitions = database.rows(DefinitionEntity);
  const usages = database.rows(QuotaUsageEntity);
  const numbers = database.rows(RunNumberEntity);
  const runs = Array.from({ length: past.runs }, (_, index): Run => {
    const startedAtMs =
      Date.now() - (past.runs - index) * past.everyHours * HOUR_MS + Math.floor(random.next() * 600_000);
    const scope =
      index % 7 === 3 && definition.steps.length > 2 ? `from:${definition.steps[1]!.name}` : 'full';
    const run = newRun({
      start: { runId: v7({ msecs: startedAtMs, seq: index }), startedAtMs, idIsAhead: 0 },
      project: definition,
      definitionHash,
      scope,
      steps: stepsInScope(definition, scope)!,
      params: Object.fromEntries(
        Object.entries(definition.params).flatMap(([name, spec]) =>
          spec.default === null ? [] : [[name, spec.default]],
        ),
      ),
      triggeredBy: index % 5 === 4 ? 'manual' : 'schedule',
      rerunOf: null,
      runInputs: null,
      watchedFiles: null,
      quota: null,
      currentResult: null,
      earlierOutputs: null,
    });
    const isTrouble = past.troubleEvery > 0 && index % past.troubleEvery === past.troubleEvery - 1;
    return ended(
      run,
      past,
      isTrouble ? (['failed', 'cancelled', 'partial'] as const)[index % 3]! : 'completed',
      random,
    );
  });
  await database.write(async (tx, all: Run[][]) => {
    await definitions.insert(tx, [{ definitionHash, definition: definitionJson }], { onConflict: 'ignore' });
    for (const each of all) {
      await rows.insert(
        tx,
        each.map((run, index) => ({ ...run, number: index + 1 })),
      );
      await numbers.insert(tx, [{ projectId: past.projectId, lastNumber: each.length }]);
      if (definition.quota)
        await usages.insert(
          tx,
          each.map((run) => usageOf(run, random)),
        );
    }
    return all;
  }, runs);
}

/** On a day that is over, so that it takes nothing from today. */
function usageOf({ runId, projectId, attempt }: Run, random: SeededRandom): QuotaUsageEntity {
  const used = 20 + Math.floor(random.next() * 20);
  return { runId, projectId, attempt, quotaDay: '2026-01-01', used, countedAhead: 0 };
}

function ended(
  run: Run,
  past: Past,
  status: 'completed' | 'partial' | 'failed' | 'cancelled',
  random: SeededRandom,
): Run {
  let atMs = Date.parse(run.startedAt) + 400;
  const stopsAt =
    status === 'completed' || status === 'partial' ? run.steps.length : Math.min(1, run.steps.length - 1);
  const steps = run.steps.map((step, index): StepState => {
    if (index > stopsAt) return { ...step, status: 'skipped' };
    const startedAt = toInstant(atMs);
    atMs += past.stepSeconds * 1000 * (0.7 + 0.6 * random.next());
    const isLast = index === stopsAt;
    const end = isLast ? (status as 'failed' | 'cancelled') : 'completed';
    return {
      ...step,
      status: end,
      startedAt,
      endedAt: toInstant(Math.round(atMs)),
      exitCode: end === 'failed' ? 1 : end === 'cancelled' ? null : 0,
    };
  });
  const REASONS = {
    completed: null,
    partial: 'quota-reached',
    failed: 'step-failed',
    cancelled: 'cancelled-by-user',
  };
  const failedStep = steps.find((step) => step.status === 'failed')?.name;
  return {
    ...run,
    status,
    statusReason: REASONS[status],
    workerId: 'worker-1',
    claimedAt: run.startedAt,
    lastHeardAt: toInstant(Math.round(atMs)),
    cancelRequestedAt: status === 'cancelled' ? toInstant(Math.round(atMs) - 300) : null,
    endedAt: toInstant(Math.round(atMs)),
    steps,
    metrics: Object.fromEntries(
      Object.entries(past.metrics ?? {}).map(([name, value]) => [
        name,
        value < 1 ? value : Math.round(value * (0.5 + random.next())),
      ]),
    ),
    error:
      failedStep === undefined
        ? null
        : { code: 'STEP_FAILED', message: `The step ${failedStep} ended with exit code 1.` },
    revision: 9,
  };
}
