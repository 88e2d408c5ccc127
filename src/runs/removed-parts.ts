import { JobatoError } from '../http/problem-catalogue';
import type { Run } from './run';

/** @throws JobatoError LOG_REMOVED if retention has removed the log of the run */
export function assertLogKept({ logsRemovedAt }: Pick<Run, 'logsRemovedAt'>): void {
  if (logsRemovedAt === null) return;
  throw new JobatoError(
    'LOG_REMOVED',
    `The log of this run was removed at ${logsRemovedAt}, because its project keeps logs for a limited time (keep.logsDays).`,
  );
}

/** @throws JobatoError ARTIFACT_REMOVED if retention has removed the files of the run */
export function assertArtifactsKept({ artifactsRemovedAt }: Pick<Run, 'artifactsRemovedAt'>): void {
  if (artifactsRemovedAt === null) return;
  throw new JobatoError(
    'ARTIFACT_REMOVED',
    `The files of this run were removed at ${artifactsRemovedAt}, because its project keeps them for a limited time (keep.artifactsDays).`,
  );
}
