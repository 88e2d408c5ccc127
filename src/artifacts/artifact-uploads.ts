import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { invalid, JobatoError } from '../http/problem-catalogue';
import { flawOfArtifactName } from '../runs/artifact-name';
import { AttemptFolders } from './attempt-folders';
import { type Artifact, isTerminal, type Run } from '../runs/run';
import { MAX_ARTIFACTS, withArtifacts } from '../runs/report-limits';
import { RunChanges } from '../runs/run-changes';
import { type Claimant, mayAct, refusal } from '../workers/claimant';
import { LeaseService } from '../workers/lease-service';
import { EventIntake } from '../intake/event-intake';
import { type Upload, UploadFiles } from './upload-files';

/** More concurrent uploads would fill the disk and not be faster. */
const MAX_UPLOADS_OF_RUN = 4;
const RETRY_AFTER_SECONDS = 1;

/** Uploads of files by external workers. */
@Injectable()
export class ArtifactUploads {
  /** Number of current uploads by run. */
  private readonly arriving = new Map<string, number>();

  constructor(
    private readonly uploads: UploadFiles,
    private readonly folders: AttemptFolders,
    private readonly leases: LeaseService,
    private readonly changes: RunChanges,
    private readonly intake: EventIntake,
    private readonly clock: Clock,
  ) {}

  /**
   * Receives a file and makes it an artifact of the run, replacing an artifact of the same name. The earlier file stays
   * until the upload is complete, and if it fails. Ends at once when the sender loses the run, or the run ends.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST, VALIDATION, PAYLOAD_TOO_LARGE, STORAGE_FULL,
   *   SERVER_BUSY
   */
  async take(
    runId: string,
    name: string,
    claimant: Claimant,
    content: { bytes: AsyncIterable<Buffer>; announcedBytes: number | null },
  ): Promise<{ runId: string; artifact: Artifact }> {
    const flaw = flawOfArtifactName(name);
    if (flaw !== null) throw invalid([{ field: 'name', message: flaw }]);
    const run = await this.leases.held(runId, claimant);
    assertPlace(run, name);
    // The lease is checked again at the end of the upload: a lost worker must not replace files of its successor.
    const holding = { ...claimant, attempt: claimant.attempt ?? run.attempt };
    const upload = await this.whileHeld(run.runId, holding, (signal) =>
      this.uploads.receive(content.bytes, content.announcedBytes, signal),
    );
    try {
      await this.folders.inTurn(run.runId, () => this.place(upload, run.runId, name, holding));
    } finally {
      await this.uploads.discard(upload);
    }
    return { runId: run.runId, artifact: { name, size: upload.size } };
  }

  /** @param receive its signal aborts with the error for the client when the claimant may no longer act for the run */
  private async whileHeld(
    runId: string,
    claimant: Claimant,
    receive: (signal: AbortSignal) => Promise<Upload>,
  ): Promise<Upload> {
    const count = this.arriving.get(runId) ?? 0;
    if (count >= MAX_UPLOADS_OF_RUN) throw tooManyUploads();
    this.arriving.set(runId, count + 1);
    const lost = new AbortController();
    const stopListening = this.changes.onChange(runId, (run) => {
      if (isTerminal(run) || !mayAct(run, claimant)) lost.abort(refusal(run, claimant));
    });
    try {
      await this.leases.held(runId, claimant); // the run may have changed before the listener was added
      return await receive(lost.signal);
    } finally {
      stopListening();
      const left = this.arriving.get(runId)! - 1;
      if (left === 0) this.arriving.delete(runId);
      else this.arriving.set(runId, left);
    }
  }

  private async place(upload: Upload, runId: string, name: string, claimant: Claimant): Promise<void> {
    const run = await this.leases.held(runId, claimant);
    assertPlace(run, name);
    await this.uploads.place(upload, this.folders.folderOf(runId), name);
    // Publish the same event as for a file that a step reports, so that the run's history lists the upload.
    const outcome = await this.intake.takeOwn({
      eventId: randomUUID(),
      eventType: 'run.progress',
      eventVersion: 1,
      occurredAt: this.clock.now(),
      runId,
      payload: { attempt: run.attempt, artifacts: [{ name, size: upload.size }] },
    });
    if (outcome !== 'applied') throw await this.leases.refusalNow(runId, claimant);
  }
}

function tooManyUploads(): JobatoError {
  return new JobatoError(
    'SERVER_BUSY',
    `${MAX_UPLOADS_OF_RUN} uploads for this run are already in progress. Try again when one has finished.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

function assertPlace(run: Run, name: string): void {
  if (!withArtifacts(run.artifacts, [{ name }]).isCut) return;
  throw invalid([
    {
      field: 'name',
      message: `exceeds the limit of ${MAX_ARTIFACTS} artifacts per run (fewer with long names)`,
    },
  ]);
}
