import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Instant } from '../clock/clock';
import type { RunInput } from '../events/run-event';
import { RESULT_FLAWS, type ResultFlaw, type RunResult } from '../results/run-result';
import { STEP_STATUSES, type StepAttempt, type StepStatus, type ZeroResult } from './run';
import type { Waiting } from './waiting';

// Schema objects, not classes: Nest resolves a class only at the top of a property, not a nested one.
export const nullableText = { type: 'string', nullable: true } as const;
export const nullableTime = { type: 'string', format: 'date-time', nullable: true } as const;
export const nullableNumber = { type: 'number', nullable: true } as const;
export const nullableInteger = { type: 'integer', nullable: true } as const;

export class WaitingView {
  @ApiProperty({ type: String, example: 'no-worker-yet' }) code!: Waiting['code'];
  @ApiProperty() message!: string;
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'When the run was published to workers; only with handed-out',
  })
  publishedAt?: Instant;
  @ApiPropertyOptional({
    ...nullableNumber,
    description:
      'Typical duration in milliseconds of runs whose workers report only at the end; only with ' +
      'handed-out',
  })
  typicalMs?: number | null;
}

export class ProgressView {
  @ApiProperty(nullableText) step!: string | null;
  @ApiProperty(nullableNumber) current!: number | null;
  @ApiProperty(nullableNumber) total!: number | null;
  @ApiProperty(nullableText) message!: string | null;
}

export class StepProgressView {
  @ApiProperty(nullableNumber) current!: number | null;
  @ApiProperty(nullableNumber) total!: number | null;
  @ApiProperty({ ...nullableText, description: 'Null once the step has ended' }) message!: string | null;
}

export class StepAttemptView {
  @ApiProperty({ type: 'integer', description: 'From 1' }) number!: number;
  @ApiProperty({ enum: ['running', 'completed', 'failed', 'cancelled'] }) status!: StepAttempt['status'];
  @ApiProperty({ type: 'string', format: 'date-time' }) startedAt!: Instant;
  @ApiProperty(nullableTime) endedAt!: Instant | null;
  @ApiProperty({ ...nullableInteger, description: 'Null if the attempt has not ended, or a signal ended it' })
  exitCode!: number | null;
  @ApiProperty({ ...nullableTime, description: 'When the next attempt starts; only after a failed one' })
  retryAt!: Instant | null;
}

export class StepView {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: STEP_STATUSES, enumName: 'StepStatus' }) status!: StepStatus;
  @ApiProperty(nullableTime) startedAt!: Instant | null;
  @ApiProperty(nullableTime) endedAt!: Instant | null;
  @ApiProperty({ ...nullableInteger, description: 'Duration in milliseconds; null until the step has ended' })
  durationMs!: number | null;
  @ApiProperty({ ...nullableInteger, description: 'Null if the step has not ended, or a signal ended it' })
  exitCode!: number | null;
  @ApiProperty({
    type: StepProgressView,
    nullable: true,
    description: 'Null until the step reports progress',
  })
  progress!: StepProgressView | null;
  @ApiProperty({ type: [StepAttemptView], description: 'Attempts at the step so far, oldest first' })
  attempts!: StepAttemptView[];
}

export class RunErrorView {
  @ApiProperty({ example: 'STEP_FAILED' }) code!: string;
  @ApiProperty() message!: string;
}

export class ArtifactView {
  @ApiProperty({ example: 'glossary.md' }) name!: string;
  @ApiProperty({ type: 'integer', description: 'Size in bytes' }) size!: number;
  @ApiProperty({ description: 'Download path' }) href!: string;
}

export class RunInputView implements RunInput {
  @ApiProperty({ description: 'Id of the query in queries.yaml' }) queryId!: string;
  @ApiProperty() queryText!: string;
  @ApiProperty({ example: 'example.com' }) domain!: string;
  @ApiProperty({ example: 'site:example.com rust engineer' }) searchQuery!: string;
}

export class ZeroResultView implements ZeroResult {
  @ApiProperty() queryText!: string;
  @ApiProperty({ example: 'example.com' }) domain!: string;
  @ApiProperty({ type: 'string', format: 'date-time', description: 'By the clock of the worker' })
  occurredAt!: Instant;
}

export class RunResultView {
  @ApiProperty({
    enum: ['accepted', 'result-missing', 'result-invalid', 'partial'],
    description: '`partial`: not used, because the run is partial and the project has no `result.partial`',
  })
  state!: RunResult['state'];
  @ApiProperty({ description: 'Name of the copy, or the path as it was offered' }) name!: string;
  @ApiProperty({ ...nullableInteger, description: 'Size in bytes; null unless accepted' }) size!:
    number | null;
  @ApiProperty({ ...nullableText, enum: RESULT_FLAWS, description: 'Why the file is invalid; else null' })
  flaw!: ResultFlaw | null;
}
