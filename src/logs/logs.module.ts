import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module';
import { ErrorLines } from './error-lines';
import { LogStore } from './log-store';
import { LogTail } from './log-tail';
import { LOG_METRICS } from './log.metrics';
import { LogRepository } from './log.repository';
import { LogChunkEntity, LogEndEntity } from './log.entities';

@Module({
  imports: [DatabaseModule.forFeature([LogChunkEntity, LogEndEntity])],
  providers: [LogRepository, LogStore, LogTail, ErrorLines, ...LOG_METRICS],
  exports: [LogStore, LogTail, ErrorLines],
})
export class LogsModule {}
