import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { newLeaseToken } from '../events/lease-proof';
import type { ProjectDefinition } from '../projects/project';
import { LEASE_SECONDS, UNUSED_LEASE_SECONDS } from '../runs/lease-times';
import type { Run } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { RunSecrets } from '../runs/run-secrets';
import type { RunCommand } from '../runs/run-state';
import type { Secrets } from '../runs/secret-seal';
import { RunsService } from '../runs/runs.service';
import { RunDeadlines } from './run-deadlines';

/** A claimed run, and the values of its secret params, which only its worker gets. */
interface Claimed {
  run: Run;
  secrets: Secrets;
}

/** A run that the embedded worker claimed, with everything that it needs to execute the run. */
export interface Assignment extends Claimed {
  definition: ProjectDefinition;
  /** Milliseconds since the run started. */
  elapsedMs: number;
}

/** A run that a worker claimed over HTTP. */
export type LeasedRun = Run & { secrets: Secrets; leaseToken: string };

type Claim = Omit<Extract<RunCommand, { type: 'claim' }>, 'type'>;

/** Claims runs for workers, and opens the secrets of claimed runs for them. */
@Injectable()
export class RunClaims {
  constructor(
    private readonly service: RunsService,
    private readonly runs: RunRepository,
    private readonly secrets: RunSecrets,
    private readonly deadlines: RunDeadlines,
    private readonly clock: Clock,
  ) {}

  /**
   * Claims a run with steps for the embedded worker, without a lease token: no call from outside can act for it.
   * @returns null if another worker holds the run, it has no steps, or it was failed because of its secrets
   */
  async claimForEmbedded(runId: string, workerId: string): Promise<Assignment | null> {
    // Read first: if reading failed after the claim, the worker would hold a run that it cannot start.
    const definition = await this.runs.definitionFor(runId, 'steps');
    if (definition === null) return null;
    // Most projects have no secrets, and their runs need no further read.
    const mayHaveSecrets = Object.values(definition.params).some(({ type }) => type === 'secret');
    const claimed = await this.claim(runId, { workerId, leaseSeconds: LEASE_SECONDS }, mayHaveSecrets);
    if (claimed === null) return null;
    const { run, secrets } = claimed;
    return { run, secrets, definition, elapsedMs: this.deadlines.elapsedMs(run) };
  }

  /**
   * Claims a run for a worker that called over HTTP, with a new lease token.
   * @param claimId the worker's own id of this claim, which returns the same answer when it is sent again
   * @returns null if another worker holds the run, or it was failed because of its secrets
   */
  async claimForCaller(runId: string, workerId: string, claimId: string | null): Promise<LeasedRun | null> {
    const token = newLeaseToken();
    const claimed = await this.claim(runId, {
      workerId,
      leaseSeconds: claimId === null ? UNUSED_LEASE_SECONDS : LEASE_SECONDS,
      lease: { token, claimId },
    });
    return claimed && { ...claimed.run, secrets: claimed.secrets, leaseToken: token };
  }

  /** Returns the run that this claim received, as long as its token is unused; else null. */
  async claimedBy(claimId: string): Promise<LeasedRun | null> {
    const run = await this.runs.claimedBy(claimId);
    if (!run || run.leaseToken === null || run.leaseUsedAt !== null) return null;
    const { leaseToken } = run;
    const opened = await this.withSecrets(run, await this.secrets.of(run.runId));
    return opened && { ...run, secrets: opened.secrets, leaseToken };
  }

  /** Returns a run to the queue whose worker never used its lease. The run keeps its attempt. */
  async unclaim({ runId, attempt, leaseToken }: LeasedRun): Promise<void> {
    await this.service.command(runId, { type: 'unclaim', attempt, leaseToken });
  }

  /** Compare-and-swap in the database: one of several claimants gets the run, the others get null. */
  private async claim(runId: string, claim: Claim, mayHaveSecrets = true): Promise<Claimed | null> {
    // Read first, as above.
    const secrets = mayHaveSecrets ? await this.secrets.of(runId) : {};
    const commanded = await this.service.command(runId, { type: 'claim', ...claim });
    return commanded?.applied ? this.withSecrets(commanded.run, secrets) : null;
  }

  /**
   * Returns a claimed run with its secrets. Without one that it needs, fails the run and returns null: in the queue, it
   * would be claimed for ever.
   * @param secrets null if they cannot be decrypted
   */
  private async withSecrets(run: Run, secrets: Secrets | null): Promise<Claimed | null> {
    const names = run.secretParams ?? [];
    if (secrets !== null && names.every((name) => Object.hasOwn(secrets, name))) return { run, secrets };
    await this.service.command(run.runId, {
      type: 'fail',
      occurredAt: this.clock.now(),
      payload: {
        attempt: run.attempt,
        errorCode: 'SECRETS_UNREADABLE',
        message:
          `The secret parameters (${names.join(', ')}) cannot be decrypted, because the key has changed since the run ` +
          'was started (JOBATO_SECRET_KEY, or the file secret-key in DATA_DIR). Start the run again with the secrets.',
        reason: 'secrets-unreadable',
      },
    });
    return null;
  }
}
