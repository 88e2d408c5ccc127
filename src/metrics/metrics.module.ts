import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { LogsModule } from '../logs/logs.module';
import { PresenceModule } from '../presence/presence.module';
import { RunsModule } from '../runs/runs.module';
import { Metrics } from './metrics';
import { MetricsController } from './metrics.controller';

@Module({
  imports: [EventsModule, LogsModule, PresenceModule, RunsModule],
  controllers: [MetricsController],
  providers: [Metrics],
})
export class MetricsModule {}
