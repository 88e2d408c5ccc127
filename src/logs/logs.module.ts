import { Module } from '@nestjs/common';
import { LogStore } from './log-store';
import { LogTail } from './log-tail';

@Module({ providers: [LogStore, LogTail], exports: [LogStore, LogTail] })
export class LogsModule {}
