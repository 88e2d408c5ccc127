import { basename } from 'node:path';
import type { ProjectDefinition } from '../../projects/project';
import { DEFAULT_LIVE_RESULT } from '../../projects/project';
import { sizeText } from '../../config/size-text';
import type { ForeignPointerEntity, ResultEntity } from '../../results/result.entities';
import type { LiveResult } from '../../results/result.repository';
import { whyNotLive } from '../../results/result-text';
import type { Run } from '../../runs/run';
import { numberSign } from '../words/run-words';
import { type TimeText, timeText } from '../words/time-text';

/** The live result of a project, and those to which one can go back. */
export interface LiveResultPart {
  live:
    | (ShownResult & { downloadHref: string; previewHref: string; name: string; goneBack: GoneBack | null })
    | null;
  earlier: ShownResult[];
  /** Where the buttons of the earlier results lead. */
  action: string;
  warnings: string[];
}

interface ShownResult {
  runId: string;
  /** "#14" */
  number: string;
  runHref: string;
  at: TimeText;
  size: string;
}

/** Who made an earlier result live. */
interface GoneBack {
  by: string;
  at: TimeText;
}

export interface ResultFacts {
  live: LiveResult | null;
  /** Newest first, with the live one. */
  kept: ResultEntity[];
  foreign: ForeignPointerEntity | null;
  /** Whether the file of the live result does not exist. */
  isMissing?: boolean;
}

const MISSING_TEXT =
  'The file of the live result is missing from the server. Go back to an earlier result, or start a run.';

/** Returns null for a project that has nothing to do with results. */
export function liveResultPart(
  { projectId, result, liveResult }: ProjectDefinition,
  latest: Run | null,
  { live, kept, foreign, isMissing = false }: ResultFacts,
): LiveResultPart | null {
  const offered = latest?.result ?? null;
  const isDeclared = result !== null || liveResult.pointer !== null || liveResult.table !== null;
  if (live === null && offered === null && !isDeclared) return null;
  const why = offered && whyNotLive(offered);
  return {
    live: live && {
      ...shown(live),
      name: basename(live.file),
      previewHref: `/projects/${projectId}/result`,
      downloadHref: `/api/projects/${projectId}/result/file`,
      goneBack: live.chosenBy === null ? null : { by: live.chosenBy, at: timeText(live.since) },
    },
    earlier: kept.filter(({ position }) => position !== live?.position).map(shown),
    action: `/projects/${projectId}/result/go-back`,
    warnings: [
      ...(isMissing ? [MISSING_TEXT] : []),
      ...(why === null ? [] : [`Run ${numberSign(latest!)}: ${why}`]),
      ...(foreign === null ? [] : [foreignText(foreign, liveResult.pointer ?? DEFAULT_LIVE_RESULT.pointer)]),
    ],
  };
}

function shown({ runId, number, madeAt, size }: ResultEntity): ShownResult {
  return {
    runId,
    number: numberSign({ number }),
    runHref: `/runs/${runId}`,
    at: timeText(madeAt),
    size: sizeText(Number(size)),
  };
}

function foreignText(
  { target, seenNumber, seenStatus }: ForeignPointerEntity,
  pointer: string | null,
): string {
  return (
    `The worker of run ${numberSign({ number: seenNumber })} changed ${pointer ?? 'the pointer'} itself, and the run ` +
    `ended ${seenStatus}. Readers of the pointer get ${target}, which no completed run made.`
  );
}
