import type { ProjectDefinition, StepDefinition } from './project';

/** Members that definitions stored by earlier versions do not have. */
const NEW_MEMBERS = { description: null, tags: [], isEnabled: true, watch: [] };
const NEW_STEP_MEMBERS = { script: null, passPlainEnv: [] };

/** Returns a definition that a run has stored, with every member of the present version. */
export function storedDefinition(json: string): ProjectDefinition {
  const stored = JSON.parse(json) as Omit<ProjectDefinition, keyof typeof NEW_MEMBERS> & {
    steps: Omit<StepDefinition, keyof typeof NEW_STEP_MEMBERS>[];
  };
  return { ...NEW_MEMBERS, ...stored, steps: stored.steps.map((step) => ({ ...NEW_STEP_MEMBERS, ...step })) };
}
