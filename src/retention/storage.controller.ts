import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { MEASURED_FOLDERS, StorageReport } from './storage-report';

const bytes = { type: 'integer', description: 'Bytes' } as const;

class DatabaseSizesView {
  @ApiProperty({ ...bytes, description: 'Pages with data, in bytes' }) usedBytes!: number;
  @ApiProperty({ ...bytes, description: 'Pages without data, which new rows use, in bytes' })
  freeBytes!: number;
  @ApiProperty({ ...bytes, description: 'Write-ahead log' }) walBytes!: number;
  @ApiProperty({ description: 'Whether free pages are returned to the disk. If not, see `jobato compact`' })
  returnsFreePages!: boolean;
}

class DiskView {
  @ApiProperty(bytes) freeBytes!: number;
  @ApiProperty(bytes) totalBytes!: number;
}

class RowSizesView {
  @ApiProperty(bytes) logs!: number;
  @ApiProperty({ ...bytes, description: 'Stored events of runs' }) events!: number;
  @ApiProperty({ ...bytes, description: 'Files that runs reported as artifacts' }) artifacts!: number;
}

class FolderView {
  @ApiProperty({ enum: MEASURED_FOLDERS, description: 'Folder in DATA_DIR' }) name!: string;
  @ApiProperty(bytes) bytes!: number;
  @ApiProperty({ type: 'integer' }) files!: number;
  @ApiProperty({ description: 'Whether there is more: up to 1,000,000 files are counted' })
  isAtLeast!: boolean;
}

class MeasurementView {
  @ApiProperty({ type: 'string', format: 'date-time' }) measuredAt!: string;
  @ApiProperty({ type: RowSizesView }) rows!: RowSizesView;
  @ApiProperty({ type: [FolderView] }) folders!: FolderView[];
}

class StorageView {
  @ApiProperty({ type: DatabaseSizesView }) database!: DatabaseSizesView;
  @ApiProperty({ type: DiskView, nullable: true }) disk!: DiskView | null;
  @ApiProperty({
    type: MeasurementView,
    nullable: true,
    description: 'Null until the first measurement is complete. It is repeated in the background',
  })
  measured!: MeasurementView | null;
}

@ApiTags('retention')
@Controller('api/storage')
export class StorageController {
  constructor(private readonly report: StorageReport) {}

  @Get()
  @ApiOperation({ operationId: 'getStorage', summary: 'Get what takes how much room' })
  @ApiResponse({ status: 200, type: StorageView })
  async read(): Promise<StorageView> {
    const { database, disk, measured } = await this.report.now();
    return {
      database,
      disk,
      measured: measured && {
        measuredAt: measured.measuredAt,
        rows: measured.rows,
        folders: MEASURED_FOLDERS.map((name) => ({ name, ...measured.folders[name] })),
      },
    };
  }
}
