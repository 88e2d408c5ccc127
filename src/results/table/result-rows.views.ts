import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  getSchemaPath,
  IntersectionType,
} from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { Instant } from '../../clock/clock';
import { PageQuery } from '../../http/page-query';
import type { BlobCell, Cell, CutCell } from './cell';
import { TABLE_VIEWS, type TablePage, type TableView } from './result-tables';
import { MAX_CURSOR_LENGTH } from './table-cursor';
import { sortText } from './table-layout';

export const MAX_SEARCH = 200;
const MAX_SORT = 1000;

export class TableQuery {
  @ApiPropertyOptional({
    enum: TABLE_VIEWS,
    description:
      '`today`: rows added by the run of the live result. Default: `today` if there are such rows, else `all`',
  })
  @IsOptional()
  @IsIn(TABLE_VIEWS)
  view?: TableView;

  @ApiPropertyOptional({
    maxLength: MAX_SEARCH,
    description:
      'Only rows with this text in a shown column, in upper or lower case. Columns declared as numbers are not searched',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_SEARCH)
  search?: string;

  @ApiPropertyOptional({
    maxLength: MAX_SORT,
    example: '-salary',
    description: 'Name of a shown column; with "-" before it, descending. Rows without a value come last',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_SORT)
  sort?: string;
}

export class RowsQuery extends IntersectionType(PageQuery, TableQuery) {
  @ApiPropertyOptional({
    maxLength: MAX_CURSOR_LENGTH,
    description: 'nextCursor of the previous page, with the same view, search and sort',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_CURSOR_LENGTH)
  cursor?: string;
}

class BlobView implements BlobCell {
  @ApiProperty({ enum: ['blob'] }) kind!: 'blob';
  @ApiProperty({ type: 'integer', description: 'Size in bytes' }) bytes!: number;
}

class CutTextView implements CutCell {
  @ApiProperty({ enum: ['cut'] }) kind!: 'cut';
  @ApiProperty({ description: 'Start of the text' }) text!: string;
  @ApiProperty({ type: 'integer', description: 'Size of the whole text in bytes' }) bytes!: number;
}

class TableColumnView {
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'Type as declared in the file; may be empty' }) type!: string;
}

class RowsResultView {
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: 'integer', description: 'Number of the run' }) number!: number;
  @ApiProperty({ type: 'string', format: 'date-time', description: 'Since when the result is live' })
  since!: Instant;
}

class RowCountsView {
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'Rows of the view `today`; null if the project has no such view, or if counting takes too long',
  })
  today!: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'All rows; null if counting takes too long' })
  all!: number | null;
}

@ApiExtraModels(BlobView, CutTextView)
export class RowPageView {
  @ApiProperty({
    type: 'array',
    description:
      'Rows by the names of their columns. Integers beyond 2^53 are text. Binary data is described, and text of more ' +
      'than 10,000 bytes is cut',
    items: {
      type: 'object',
      additionalProperties: {
        oneOf: [
          { type: 'string', nullable: true },
          { type: 'number' },
          { $ref: getSchemaPath(BlobView) },
          { $ref: getSchemaPath(CutTextView) },
        ],
      },
    },
  })
  items!: Record<string, Cell>[];
  @ApiProperty({ type: String, nullable: true, description: 'Null on the last page' }) nextCursor!:
    string | null;
  @ApiProperty({ type: RowsResultView }) result!: RowsResultView;
  @ApiProperty({ type: [TableColumnView], description: 'In the order in which pages show them' })
  columns!: TableColumnView[];
  @ApiProperty({ enum: TABLE_VIEWS }) view!: TableView;
  @ApiProperty({
    type: String,
    nullable: true,
    example: '-salary',
    description: 'The order of the rows; null for the order of the table',
  })
  sort!: string | null;
  @ApiProperty({ type: RowCountsView, description: 'Numbers of rows without a search' })
  counts!: RowCountsView;
}

export function rowPageView({ rows, nextCursor, live, layout, view, sort, counts }: TablePage): RowPageView {
  const { runId, number, since } = live;
  return {
    // Not an assignment by name, because a column may be named "__proto__".
    items: rows.map((cells) => Object.fromEntries(layout.columns.map(({ name }, at) => [name, cells[at]!]))),
    nextCursor,
    result: { runId, number, since },
    columns: layout.columns,
    view,
    sort: sort === null ? null : sortText(sort),
    counts,
  };
}
