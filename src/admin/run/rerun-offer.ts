import { requiredSecrets } from '../../projects/params';
import type { ProjectDefinition } from '../../projects/project';
import { startsOf, stepsInScope } from '../../projects/scope';
import type { QuotaStatus } from '../../quota/quotas';
import { isTerminal, type Run } from '../../runs/run';
import { wordList } from '../words/word-list';
import { scopeWords } from '../words/status-words';
import { type TimeText, timeText } from '../words/time-text';

/** A project in its current version. */
export interface CurrentProject {
  definition: ProjectDefinition;
  definitionHash: string;
}

/** The re-runs that a run allows, described beside the buttons. */
export interface RerunOffer {
  /** True if the same scope can run again. */
  canRepeat: boolean;
  /** The effect of a re-run, or why there is none. */
  words: string;
  froms: { scope: string; step: string }[];
  /** The re-run from the failed step, with the steps that it runs. */
  fromFailed: { scope: string; step: string; words: string } | null;
  /** The form with this run's params, to start a run with other values; null without params. */
  changeHref: string | null;
  /** Why the server would refuse a re-run now, and until when. */
  refusal: { text: string; at: TimeText } | null;
}

/** Returns null for an active run, which must be stopped first. */
export function rerunOffer(
  run: Run,
  current: CurrentProject | null,
  quota: QuotaStatus | null,
): RerunOffer | null {
  if (!isTerminal(run)) return null;
  if (current === null) {
    return {
      canRepeat: false,
      words: 'Re-run is not possible: the project is no longer in the configuration.',
      froms: [],
      fromFailed: null,
      changeHref: null,
      refusal: null,
    };
  }
  const { definition } = current;
  const changeHref =
    Object.keys(definition.params).length === 0 ? null : `/projects/${run.projectId}?like=${run.runId}`;
  const secrets = requiredSecrets(definition.params);
  if (secrets.length > 0) {
    return {
      canRepeat: false,
      words:
        `To re-run, give ${wordList(secrets)} again in the form of the project: ` +
        'Jobato deletes secrets at the end of a run.',
      froms: [],
      fromFailed: null,
      changeHref,
      refusal: null,
    };
  }
  const steps = stepsInScope(definition, run.scope);
  const words =
    steps === null
      ? `Re-run is not possible: the project no longer has the scope ${run.scope}.`
      : `Re-run repeats ${whatRuns(run.scope, steps)} ${paramWords(run, definition)}.`;
  const hasChanged = current.definitionHash !== run.definitionHash;
  return {
    canRepeat: steps !== null,
    words: hasChanged
      ? `${words} The project has changed since; the re-run uses the current version.`
      : words,
    froms: startsOf(definition).map((name) => ({ scope: `from:${name}`, step: name })),
    fromFailed: fromFailed(run, definition),
    changeHref,
    refusal:
      quota?.remaining === 0
        ? {
            text: 'The project quota is used up. Re-runs are refused until',
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

function paramWords({ params, secretParams }: Run, definition: ProjectDefinition): string {
  const names = Object.keys(params);
  const without = secretParams === null ? '' : `, without the secret ${wordList(secretParams)}`;
  if (names.length === 0) return `without parameters${without}`;
  const gone = names.filter((name) => !Object.hasOwn(definition.params, name));
  if (gone.length === 0) return `with the same parameters${without}`;
  return `with the same parameters except ${gone.join(', ')}, which the project no longer has${without}`;
}

function fromFailed(run: Run, definition: ProjectDefinition): RerunOffer['fromFailed'] {
  const failed = run.steps.find(({ status }) => status === 'failed')?.name;
  const scope = `from:${failed}`;
  const steps = failed === undefined ? null : stepsInScope(definition, scope);
  // A re-run of all steps has its own button.
  if (failed === undefined || steps === null || steps.length === definition.steps.length) return null;
  return { scope, step: failed, words: `runs ${stepList(steps)}; earlier results are kept.` };
}
