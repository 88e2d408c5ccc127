import { ApiProperty } from '@nestjs/swagger';
import type { Instant } from '../clock/clock';
import type { ParamValue } from '../projects/project';
import { ALL_PROJECTS, type Pause } from './pause';
import { SCHEDULE_OUTCOMES, type ScheduleOutcome, type ScheduleRecord } from './schedule-record';

const nullableTime = { type: String, format: 'date-time', nullable: true } as const;
const nullableText = { type: String, nullable: true } as const;

/** While a pause is in force, schedules do not start runs. */
export class PauseView {
  @ApiProperty({ enum: ['project', 'all'], description: 'Whether one project is paused, or all' })
  scope!: 'project' | 'all';
  @ApiProperty({ ...nullableText, description: 'The paused project; null if all are paused' })
  projectId!: string | null;
  @ApiProperty({ format: 'date-time' }) pausedAt!: Instant;
  @ApiProperty({
    description:
      'The user whom a trusted proxy named, else `page` or `api`; `restore` after the restore of a backup',
  })
  pausedBy!: string;
  @ApiProperty(nullableText) reason!: string | null;
  @ApiProperty({ ...nullableTime, description: 'When the pause ends; null if it lasts until it is removed' })
  until!: Instant | null;
}

export class ScheduleRecordView {
  @ApiProperty() projectId!: string;
  @ApiProperty() schedule!: string;
  @ApiProperty({ format: 'date-time' }) dueAt!: Instant;
  @ApiProperty({ enum: SCHEDULE_OUTCOMES, enumName: 'ScheduleOutcome' }) outcome!: ScheduleOutcome;
  @ApiProperty({ ...nullableText, format: 'uuid', description: 'The run that was started' })
  runId!: string | null;
  @ApiProperty({
    ...nullableText,
    example: 'QUOTA_REACHED',
    description: 'The error code of a refused start',
  })
  reason!: string | null;
  @ApiProperty({ ...nullableText, description: 'The error message of a refused start' })
  detail!: string | null;
  @ApiProperty({
    ...nullableTime,
    description: 'The last due time of a record that stands for several; null for one',
  })
  until!: Instant | null;
  @ApiProperty({ type: 'integer', description: 'How many due times the record stands for' })
  count!: number;
  @ApiProperty({ format: 'date-time' }) recordedAt!: Instant;
}

export class ScheduleView {
  @ApiProperty() projectId!: string;
  @ApiProperty({ example: 'default', description: 'Name of the entry in the project file' })
  schedule!: string;
  @ApiProperty({ example: '0 2 * * *' }) cron!: string;
  @ApiProperty({ example: 'Europe/Berlin' }) timeZone!: string;
  @ApiProperty({ example: 'full' }) scope!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) params!: Record<string, ParamValue>;
  @ApiProperty({ description: 'Whether the newest missed due time starts a run after an outage' })
  catchUp!: boolean;
  @ApiProperty({ description: 'False if the entry or the project is disabled' }) enabled!: boolean;
  @ApiProperty({ type: PauseView, nullable: true, description: 'The pause in force; null if there is none' })
  paused!: PauseView | null;
  @ApiProperty({ type: [String], description: 'The next five due times; empty for a disabled entry' })
  nextDueAt!: Instant[];
  @ApiProperty({ type: [ScheduleRecordView], description: 'The last five records, newest first' })
  lastRecords!: ScheduleRecordView[];
}

export class SchedulePageView {
  @ApiProperty({ type: [ScheduleView] }) items!: ScheduleView[];
  @ApiProperty({ type: PauseView, nullable: true, description: 'The pause of all projects' })
  paused!: PauseView | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Pass as `cursor` to get the next page; null on the last page',
  })
  nextCursor!: string | null;
}

export class ProjectScheduleView {
  @ApiProperty() projectId!: string;
  @ApiProperty({ type: [ScheduleView] }) items!: ScheduleView[];
  @ApiProperty({ type: PauseView, nullable: true, description: 'The pause in force for this project' })
  paused!: PauseView | null;
}

export class ScheduleRecordPageView {
  @ApiProperty({ type: [ScheduleRecordView] }) items!: ScheduleRecordView[];
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Pass as `cursor` to get the next page; null on the last page',
  })
  nextCursor!: string | null;
}

export function pauseView({ scope, pausedAt, pausedBy, reason, until }: Pause): PauseView {
  const isOfAll = scope === ALL_PROJECTS;
  return {
    scope: isOfAll ? 'all' : 'project',
    projectId: isOfAll ? null : scope,
    pausedAt,
    pausedBy,
    reason,
    until,
  };
}

export function recordView(record: ScheduleRecord): ScheduleRecordView {
  const { projectId, schedule, dueAt, outcome, runId, reason, detail, until, count, recordedAt } = record;
  return { projectId, schedule, dueAt, outcome, runId, reason, detail, until, count, recordedAt };
}
