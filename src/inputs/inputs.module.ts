import { Module } from '@nestjs/common';
import { InputFiles } from './input-files';

@Module({ providers: [InputFiles], exports: [InputFiles] })
export class InputsModule {}
