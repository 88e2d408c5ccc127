import type { ProjectDefinition } from '../../projects/project';
import { formVersion } from '../run/run-form';
import type { ProjectState } from './project-page';
import type { ProjectPast } from './project-pasts';
import { type RunPlan, runPlans } from './run-plan';

/** The parts of a project's page about the next run. */
export interface NextRun {
  plans: RunPlan[];
  formVersion: string;
}

interface Kept {
  definition: ProjectDefinition;
  quota: string;
  next: NextRun;
}

/** By past, which is the same object until a run starts or ends. */
const kept = new WeakMap<ProjectPast, Kept>();

/**
 * Returns the plans of all scopes. Polls of an unchanged page repeat this, and a project with 100 steps has 200 scopes,
 * so the result is kept until a fact behind it changes.
 */
export function nextRun({
  project: { definition },
  past,
  quota,
}: Pick<ProjectState, 'project' | 'past' | 'quota'>): NextRun {
  const quotaFacts = JSON.stringify(quota);
  const known = kept.get(past);
  if (known?.definition === definition && known.quota === quotaFacts) return known.next;
  const plans = runPlans({ definition, history: past.steps, quota, usualCalls: past.usualCalls });
  const next = { plans, formVersion: formVersion(definition) };
  kept.set(past, { definition, quota: quotaFacts, next });
  return next;
}
