import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import type { FileProblem } from '../config-files/file-problem';
import type { AllowedDomain, Query } from './run-inputs';

export class EnabledBody {
  @ApiProperty({ description: 'With false, runs do not get it' })
  @IsBoolean()
  enabled!: boolean;
}

export class InputFileProblemView implements FileProblem {
  @ApiProperty({ example: 'queries.yaml', description: 'Path below the configuration folder' }) file!: string;
  @ApiProperty({ type: 'integer', nullable: true }) line!: number | null;
  @ApiProperty() reason!: string;
}

export class QueryView {
  @ApiProperty({ example: 'rust' }) id!: string;
  @ApiProperty({ example: 'Rust engineer' }) text!: string;
  @ApiProperty() enabled!: boolean;
}

export class QueryListView {
  @ApiProperty({ type: [QueryView], description: 'In the order of the file' }) items!: QueryView[];
  @ApiProperty({
    type: [InputFileProblemView],
    description: 'Errors in the file. Until they are fixed, the last valid version stays in use',
  })
  problems!: InputFileProblemView[];
}

export class AllowedDomainView {
  @ApiProperty({ example: 'example.com' }) domain!: string;
  @ApiProperty() enabled!: boolean;
}

export class AllowlistView {
  @ApiProperty({ type: [AllowedDomainView], description: 'In the order of the file' })
  items!: AllowedDomainView[];
  @ApiProperty({
    type: [InputFileProblemView],
    description: 'Errors in the file. Until they are fixed, the last valid version stays in use',
  })
  problems!: InputFileProblemView[];
}

export function toQueryView({ queryId, text, isEnabled }: Query): QueryView {
  return { id: queryId, text, enabled: isEnabled };
}

export function toDomainView({ domain, isEnabled }: AllowedDomain): AllowedDomainView {
  return { domain, enabled: isEnabled };
}
