import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { DiskSpace } from '../database/disk-space';
import { toStreamFields } from '../events/run-event';
import { invalid } from '../problems/catalogue';
import { flawOfArtifactName } from './artifact-name';
import { AttemptFolders } from './attempt-folders';
import type { Artifact, Run } from './run';
import { MAX_ARTIFACTS, withArtifacts } from './run-bounds';
import { type Claimant, refusal, RunLeases } from './run-leases';
import { RunQueries } from './run-queries';
import { EventApplier } from './event-applier';
import { type Upload, Uploads } from './uploads';

/** Files that workers elsewhere send for their runs. */
@Injectable()
export class ArtifactUploads {
  constructor(
    private readonly uploads: Uploads,
    private readonly folders: AttemptFolders,
    private readonly leases: RunLeases,
    private readonly queries: RunQueries,
    private readonly applier: EventApplier,
    private readonly disk: DiskSpace,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the file in and makes it an artifact of the run, in place of one of that name. Until it is whole, and
   * where it is not to be, the earlier one stays.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST, VALIDATION, PAYLOAD_TOO_LARGE, STORAGE_FULL
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
    this.disk.assertRoom();
    const upload = await this.uploads.receive(content.bytes, content.announcedBytes);
    try {
      // Who has the run by the end of the upload counts: a lost worker must not replace what its successor made.
      const holding = { ...claimant, attempt: claimant.attempt ?? run.attempt };
      await this.folders.inTurn(run.runId, () => this.place(upload, run.runId, name, holding));
    } finally {
      await this.uploads.discard(upload);
    }
    return { runId: run.runId, artifact: { name, size: upload.size } };
  }

  private async place(upload: Upload, runId: string, name: string, claimant: Claimant): Promise<void> {
    const run = await this.leases.held(runId, claimant);
    assertPlace(run, name);
    await this.uploads.place(upload, this.folders.folderOf(runId), name);
    // Told in the same way as a step tells of its files, so that the run's history has it too.
    const eventId = randomUUID();
    const { outcome } = await this.applier.apply(
      {
        id: `upload:${eventId}`,
        deliveryCount: 1,
        fields: {
          ...toStreamFields({
            eventId,
            eventType: 'run.progress',
            eventVersion: 1,
            occurredAt: this.clock.now(),
            runId,
            payload: { attempt: run.attempt, artifacts: [{ name, size: upload.size }] },
          }),
        },
      },
      { origin: 'server' },
    );
    if (outcome !== 'applied') throw refusal(await this.queries.get(runId), claimant);
  }
}

function assertPlace(run: Run, name: string): void {
  if (!withArtifacts(run.artifacts, [{ name }]).isCut) return;
  throw invalid([
    {
      field: 'name',
      message: `is one too many: a run has at most ${MAX_ARTIFACTS} artifacts, fewer with long names`,
    },
  ]);
}
