import { DEFAULT_PARALLEL, type ProjectDefinition, type StepDefinition } from './project';

/** Members that definitions stored by earlier versions do not have. */
const NEW_MEMBERS = { description: null, tags: [], isEnabled: true, parallel: DEFAULT_PARALLEL };
const NEW_STEP_MEMBERS = {
  script: null,
  passPlainEnv: [],
  needs: null,
  when: 'success',
  continueOnError: false,
  retry: null,
} as const;

/** Returns a definition that a run has stored, with every member of the present version. */
export function storedDefinition(json: string): ProjectDefinition {
  const stored = JSON.parse(json) as Omit<ProjectDefinition, keyof typeof NEW_MEMBERS> & {
    steps: Omit<StepDefinition, keyof typeof NEW_STEP_MEMBERS>[];
  };
  return { ...NEW_MEMBERS, ...stored, steps: stored.steps.map((step) => ({ ...NEW_STEP_MEMBERS, ...step })) };
}
