import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { JsonObject, QuotaBudget, StepOutputs } from '../events/run-event';
import type { RunResult } from '../results/run-result';
import type {
  Artifact,
  Omission,
  Progress,
  Run,
  RunStatus,
  SenderClock,
  StepState,
  StopReport,
  TriggeredBy,
  ZeroResult,
} from './run';

/** Times are ISO 8601 text and nested values are JSON text: the same in SQLite and PostgreSQL, and readable in both. */
@Entity('runs')
@Index('one_running_run_per_project', ['projectId'], { unique: true, where: "status = 'running'" })
@Index('runs_of_project', ['projectId', 'runId', 'scope', 'triggeredBy'])
@Index('runs_of_project_by_status', ['projectId', 'status', 'runId', 'scope', 'triggeredBy'])
@Index('runs_by_status', ['status', 'runId'])
@Index('runs_by_scope', ['scope', 'runId'])
@Index('runs_by_trigger', ['triggeredBy', 'runId'])
@Index('runs_by_number', ['projectId', 'number'], { unique: true })
@Index('runs_by_starter', ['triggeredByName', 'runId'], { where: 'triggered_by_name IS NOT NULL' })
@Index('runs_by_end', ['endedAt'])
@Index('runs_by_claim', ['leaseClaimId'], { where: 'lease_claim_id IS NOT NULL' })
@Index('runs_with_id_ahead', ['runId', 'startedAt'], { where: 'id_is_ahead = 1' })
@Index('runs_pinned', ['projectId', 'runId'], { where: 'pinned = 1' })
@Index('runs_by_definition', ['definitionHash'])
@Index('runs_by_original', ['rerunOf', 'runId'], { where: 'rerun_of IS NOT NULL' })
export class RunEntity implements Run {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ name: 'project_id', type: 'text' }) projectId!: string;
  @Column({ type: 'integer', default: 0 }) number!: number;
  @Column({ type: 'text' }) scope!: string;
  @Column({ type: 'text' }) status!: RunStatus;
  @Column({ name: 'status_reason', type: 'text', nullable: true }) statusReason!: string | null;
  @Column({ name: 'triggered_by', type: 'text' }) triggeredBy!: TriggeredBy;
  @Column({ name: 'triggered_by_name', type: 'text', nullable: true }) triggeredByName!: string | null;
  @Column({ type: 'simple-json' }) params!: JsonObject;
  @Column({ name: 'secret_params', type: 'simple-json', nullable: true }) secretParams!: string[] | null;
  @Column({ name: 'rerun_of', type: 'text', nullable: true }) rerunOf!: string | null;
  @Column({ name: 'definition_hash', type: 'text' }) definitionHash!: string;
  @Column({ name: 'run_inputs', type: 'text', nullable: true }) runInputs!: string | null;
  @Column({ name: 'watched_files', type: 'text', nullable: true }) watchedFiles!: string | null;
  @Column({ type: 'simple-json', nullable: true }) quota!: QuotaBudget | null;
  @Column({ type: 'text' }) executor!: 'steps' | 'external';
  @Column({ type: 'integer' }) attempt!: number;
  @Column({ name: 'max_attempts', type: 'integer' }) maxAttempts!: number;
  @Column({ name: 'worker_id', type: 'text', nullable: true }) workerId!: string | null;
  @Column({ name: 'claimed_at', type: 'text', nullable: true }) claimedAt!: string | null;
  @Column({ name: 'request_published_at', type: 'text', nullable: true }) requestPublishedAt!: string | null;
  @Column({ name: 'last_heard_at', type: 'text', nullable: true }) lastHeardAt!: string | null;
  @Column({ name: 'lease_expires_at', type: 'text', nullable: true }) leaseExpiresAt!: string | null;
  @Column({ name: 'lease_token', type: 'text', nullable: true }) leaseToken!: string | null;
  @Column({ name: 'lease_claim_id', type: 'text', nullable: true }) leaseClaimId!: string | null;
  @Column({ name: 'lease_used_at', type: 'text', nullable: true }) leaseUsedAt!: string | null;
  @Column({ name: 'past_leases', type: 'simple-json', nullable: true }) pastLeases!: Record<
    string,
    string
  > | null;
  @Column({ name: 'started_at', type: 'text' }) startedAt!: string;
  @Column({ name: 'claim_timeout_seconds', type: 'float' }) claimTimeoutSeconds!: number;
  @Column({ name: 'claim_by', type: 'text', nullable: true }) claimBy!: string | null;
  @Column({ name: 'finish_by', type: 'text', nullable: true }) finishBy!: string | null;
  @Column({ name: 'cancel_requested_at', type: 'text', nullable: true }) cancelRequestedAt!: string | null;
  @Column({ name: 'cancel_requested_by', type: 'text', nullable: true }) cancelRequestedBy!: string | null;
  @Column({ name: 'stop_grace_seconds', type: 'float' }) stopGraceSeconds!: number;
  @Column({ name: 'stop_by', type: 'text', nullable: true }) stopBy!: string | null;
  @Column({ name: 'stop_report', type: 'simple-json', nullable: true }) stopReports!: StopReport[] | null;
  @Column({ name: 'ended_at', type: 'text', nullable: true }) endedAt!: string | null;
  @Column({ type: 'simple-json' }) progress!: Progress;
  @Column({ type: 'simple-json' }) steps!: StepState[];
  @Column({ type: 'simple-json' }) metrics!: Record<string, number>;
  @Column({ type: 'simple-json', nullable: true }) outputs!: StepOutputs | null;
  @Column({ name: 'earlier_outputs', type: 'simple-json', nullable: true })
  earlierOutputs!: StepOutputs | null;
  @Column({ type: 'simple-json', nullable: true }) error!: Run['error'];
  @Column({ type: 'simple-json' }) artifacts!: Artifact[];
  @Column({ name: 'zero_results', type: 'simple-json', nullable: true }) zeroResults!: ZeroResult[] | null;
  @Column({ name: 'issued_calls', type: 'integer', nullable: true }) issuedCalls!: number | null;
  @Column({ type: 'simple-json', nullable: true }) omitted!: Omission[] | null;
  @Column({ name: 'current_result', type: 'text', nullable: true }) currentResult!: string | null;
  @Column({ type: 'simple-json', nullable: true }) result!: RunResult | null;
  @Column({ type: 'integer' }) revision!: number;
  @Column({ name: 'id_is_ahead', type: 'integer', default: 0 }) idIsAhead!: 0 | 1;
  @Column({ name: 'sender_clock', type: 'simple-json', nullable: true }) senderClock!: SenderClock | null;
  @Column({ type: 'integer', default: 0 }) pinned!: 0 | 1;
  @Column({ name: 'logs_removed_at', type: 'text', nullable: true }) logsRemovedAt!: string | null;
  @Column({ name: 'artifacts_removed_at', type: 'text', nullable: true }) artifactsRemovedAt!: string | null;
}

/** The project definition that a run was started with. The content hash is the key, so that runs share definitions. */
@Entity('definitions')
export class DefinitionEntity {
  @PrimaryColumn({ name: 'definition_hash', type: 'text' }) definitionHash!: string;
  @Column({ type: 'text' }) definition!: string;
}

/** The secrets of an active run, encrypted. The transaction that ends the run deletes the row. */
@Entity('run_secrets')
export class RunSecretsEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  /** See secret-seal.ts. */
  @Column({ type: 'text' }) sealed!: string;
}

/** The number of the newest run of each project that ever had one. It stays when runs are deleted. */
@Entity('run_numbers')
export class RunNumberEntity {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @Column({ name: 'last_number', type: 'integer' }) lastNumber!: number;
}

/** The first answer to a request that carried an `Idempotency-Key`. */
@Entity('idempotency_keys')
@Index('idempotency_keys_by_age', ['createdAt'])
export class IdempotencyKeyEntity {
  @PrimaryColumn({ name: 'idempotency_key', type: 'text' }) idempotencyKey!: string;
  /** Hash of the request. The same key with a different hash is a client error. */
  @Column({ name: 'request_hash', type: 'text' }) requestHash!: string;
  @Column({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ type: 'text' }) answer!: string;
  @Column({ name: 'created_at', type: 'text' }) createdAt!: string;
}

/** Ids of deleted runs. Late events of such a run are dropped. */
@Entity('deleted_runs')
@Index('deleted_runs_by_age', ['deletedAt'])
export class DeletedRunEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ name: 'deleted_at', type: 'text' }) deletedAt!: string;
}
