import { Module } from '@nestjs/common';
import { ErrorLines } from './error-lines';
import { LogStore } from './log-store';
import { LogTail } from './log-tail';

@Module({ providers: [LogStore, LogTail, ErrorLines], exports: [LogStore, LogTail, ErrorLines] })
export class LogsModule {}
