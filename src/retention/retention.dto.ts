import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import type { KeepLimits } from './keep-limits';
import { type Part, PARTS } from './retention-rule';
import type { DueRun, Tally } from './retention-preview';

const MAX_LIMIT = 200;

export class PreviewQuery {
  @ApiPropertyOptional({ description: 'Only this project' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  projectId?: string;

  @ApiPropertyOptional({
    enum: PARTS,
    default: 'run',
    description: 'What the runs in `items` lose: everything, their logs, or their files',
  })
  @IsOptional()
  @IsIn(PARTS)
  part: Part = 'run';

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit = 50;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @MaxLength(250)
  @Matches(/^[a-z0-9-]{1,200}:[0-9a-f-]{36}$/, { message: 'must be a nextCursor of this list' })
  cursor?: string;
}

const limit = { type: 'integer', nullable: true } as const;

class LimitsView implements KeepLimits {
  @ApiProperty({ ...limit, description: 'Days since the start of a run; null = no limit' }) days!:
    number | null;
  @ApiProperty(limit) runs!: number | null;
  @ApiProperty(limit) logsDays!: number | null;
  @ApiProperty(limit) artifactsDays!: number | null;
}

class TallyView implements Tally {
  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'Runs that started before this time are affected; null without a limit',
  })
  startedBefore!: string | null;
  @ApiProperty({ type: 'integer' }) runs!: number;
  @ApiProperty({ type: 'integer', description: 'Size of logs and artifacts in bytes' }) bytes!: number;
  @ApiProperty({ description: 'Whether there are more, because only 50,000 runs of a project are counted' })
  isAtLeast!: boolean;
}

class ProjectPreviewView {
  @ApiProperty() projectId!: string;
  @ApiProperty({ type: LimitsView, description: 'Limits in effect' }) keep!: KeepLimits;
  @ApiProperty({ type: TallyView, description: 'Runs to delete' }) run!: Tally;
  @ApiProperty({ type: TallyView, description: 'Runs that lose their logs' }) logs!: Tally;
  @ApiProperty({ type: TallyView, description: 'Runs that lose their files' }) artifacts!: Tally;
}

class DueRunView implements DueRun {
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty() projectId!: string;
  @ApiProperty({ type: 'string', format: 'date-time' }) startedAt!: string;
  @ApiProperty({ type: 'integer' }) bytes!: number;
}

export class PreviewView {
  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the next pass begins' })
  nextPassAt!: string;
  @ApiProperty({
    ...limit,
    description:
      'Default of `keep.days`, also for projects whose file is gone; null = nothing is deleted by age',
  })
  defaultDays!: number | null;
  @ApiProperty({
    type: [ProjectPreviewView],
    description: 'Up to 100 projects for which anything is deleted',
  })
  projects!: ProjectPreviewView[];
  @ApiProperty({ type: [DueRunView], description: 'Affected runs by project, oldest first' })
  items!: DueRun[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}
