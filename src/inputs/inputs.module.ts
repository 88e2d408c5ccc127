import { Module } from '@nestjs/common';
import { InputFiles } from './input-files';
import { WatchChecks } from './watch-checks';

@Module({ providers: [InputFiles, WatchChecks], exports: [InputFiles, WatchChecks] })
export class InputsModule {}
