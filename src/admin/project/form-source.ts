import type { ProjectDefinition } from '../../projects/project';
import type { Run } from '../../runs/run';
import { formLike, type GivenForm, NOTHING_GIVEN } from '../run/run-form';
import { numberSign } from '../words/run-words';
import { wordList } from '../words/word-list';
import { type TimeText, timeText } from '../words/time-text';

/** The source of form values other than the defaults, shown above the fields. */
export interface FormSource {
  /** Null if the address names no run of this project. */
  run: { href: string; number: string; startedAt: TimeText } | null;
  /** "scope from:parse and Tag v1.2" */
  leftOut: string | null;
  /** "Token" */
  secrets: string | null;
}

export function formSource(
  definition: ProjectDefinition,
  run: Run | null,
): { given: GivenForm; source: FormSource } {
  if (run === null) return { given: NOTHING_GIVEN, source: { run: null, leftOut: null, secrets: null } };
  const { given, leftOut, secrets } = formLike(definition, run);
  const { runId, startedAt } = run;
  return {
    given,
    source: {
      run: { href: `/runs/${runId}`, number: numberSign(run), startedAt: timeText(startedAt) },
      leftOut: wordList(leftOut) || null,
      secrets: wordList(secrets) || null,
    },
  };
}
