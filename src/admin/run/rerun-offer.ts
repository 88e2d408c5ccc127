import type { ProjectDefinition } from '../../projects/project';
import { stepsInScope } from '../../projects/scope';
import type { QuotaStatus } from '../../quota/quotas';
import { isTerminal, type Run } from '../../runs/run';
import { scopeWords } from '../words/plain-words';
import { type TimeText, timeText } from '../words/time-text';

/** A project as it is now. */
export interface CurrentProject {
  definition: ProjectDefinition;
  definitionHash: string;
}

/** What can be repeated of a run, said before it is pressed. */
export interface RerunOffer {
  /** Whether the same scope can be run again. */
  canRepeat: boolean;
  /** What a re-run does, or why there is none. */
  words: string;
  froms: { scope: string; step: string }[];
  /** From where it failed, with the steps that this carries out. */
  fromFailed: { scope: string; step: string; words: string } | null;
  /** Where a run can be started that differs from this one in what it is given; null where it is given nothing. */
  changeHref: string | null;
  /** Why it would be refused now, and until when. */
  refusal: { text: string; at: TimeText } | null;
}

/** Null while the run is under way: it is stopped first. */
export function rerunOffer(
  run: Run,
  current: CurrentProject | null,
  quota: QuotaStatus | null,
): RerunOffer | null {
  if (!isTerminal(run)) return null;
  if (current === null) {
    return {
      canRepeat: false,
      words: 'It cannot be repeated: its project is no longer in the configuration.',
      froms: [],
      fromFailed: null,
      changeHref: null,
      refusal: null,
    };
  }
  const { definition } = current;
  const steps = stepsInScope(definition, run.scope);
  const words =
    steps === null
      ? `It cannot be repeated as it was: the project no longer has the scope ${run.scope}.`
      : `Re-run does the same again: ${whatRuns(run.scope, steps)}, ${paramWords(run, definition)}.`;
  const hasChanged = current.definitionHash !== run.definitionHash;
  return {
    canRepeat: steps !== null,
    words: hasChanged ? `${words} The project was changed since: it runs as it is now.` : words,
    // From the first step is the whole again, so it is not offered.
    froms: definition.steps.slice(1).map(({ name }) => ({ scope: `from:${name}`, step: name })),
    fromFailed: fromFailed(run, definition),
    changeHref:
      Object.keys(definition.params).length === 0 ? null : `/projects/${run.projectId}?like=${run.runId}`,
    refusal:
      quota?.remaining === 0
        ? {
            text: 'The quota of its project is used up: it would be refused until',
            at: timeText(quota.resetsAt),
          }
        : null,
  };
}

function whatRuns(scope: string, steps: string[]): string {
  return steps.length === 0 ? scopeWords(scope) : `${scopeWords(scope)} (${stepList(steps)})`;
}

function stepList(steps: string[]): string {
  return steps.length <= 4 ? steps.join(', ') : `${steps.length} steps`;
}

function paramWords({ params }: Run, definition: ProjectDefinition): string {
  const names = Object.keys(params);
  if (names.length === 0) return 'without parameters';
  const gone = names.filter((name) => !Object.hasOwn(definition.params, name));
  if (gone.length === 0) return 'with the same parameters';
  return `with the same parameters but ${gone.join(', ')}, which the project no longer has`;
}

function fromFailed(run: Run, definition: ProjectDefinition): RerunOffer['fromFailed'] {
  const failed = run.steps.find(({ status }) => status === 'failed')?.name;
  const scope = `from:${failed}`;
  const steps = failed === undefined ? null : stepsInScope(definition, scope);
  // From the first step is the whole again, for which there is a button anyway.
  if (failed === undefined || steps === null || failed === definition.steps[0]?.name) return null;
  return { scope, step: failed, words: `It carries out ${stepList(steps)}; what came before is kept.` };
}
