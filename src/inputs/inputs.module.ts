import { Module } from '@nestjs/common';
import { InputFiles } from './input-files';
import { InputSwitches } from './input-switches';
import { InputsController } from './inputs.controller';
import { WatchChecks } from './watch-checks';

@Module({
  controllers: [InputsController],
  providers: [InputFiles, InputSwitches, WatchChecks],
  exports: [InputFiles, InputSwitches, WatchChecks],
})
export class InputsModule {}
