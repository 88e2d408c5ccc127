import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './access/access.module';
import { EndedSessionEntity } from './access/ended-session.entity';
import { AdminModule } from './admin/admin.module';
import { ClockModule } from './clock/clock.module';
import type { Config } from './config/config';
import { ConfigModule } from './config/config.module';
import { DatabaseModule } from './database/database.module';
import {
  InstallationEntity,
  OutboxEntity,
  PublishedRequestEntity,
  RejectedEventEntity,
  RejectedTotalsEntity,
  StreamEntryEntity,
  StreamGroupEntity,
  StreamPendingEntity,
} from './events/event.entities';
import { ExecutorModule } from './executor/executor.module';
import { HealthModule } from './health/health.module';
import { HttpConnections } from './lifecycle/http-connections';
import { LifecycleModule } from './lifecycle/lifecycle.module';
import { LogChunkEntity, LogEndEntity } from './logs/log.entities';
import { MetricsModule } from './metrics/metrics.module';
import { QuotaUsageEntity } from './quota/quota-usage.entity';
import {
  AppliedEventEntity,
  DefinitionEntity,
  IdempotencyKeyEntity,
  RunEntity,
  RunEventCountsEntity,
} from './runs/run.entity';
import { RunsModule } from './runs/runs.module';
import { ArtifactsModule } from './artifacts/artifacts.module';
import { HistoryModule } from './history/history.module';
import { WorkersModule } from './workers/workers.module';

/** All tables; the test of migrations uses the same list. */
export const ENTITIES = [
  RunEntity,
  DefinitionEntity,
  IdempotencyKeyEntity,
  AppliedEventEntity,
  RunEventCountsEntity,
  OutboxEntity,
  PublishedRequestEntity,
  RejectedEventEntity,
  RejectedTotalsEntity,
  StreamEntryEntity,
  StreamGroupEntity,
  StreamPendingEntity,
  LogChunkEntity,
  LogEndEntity,
  QuotaUsageEntity,
  EndedSessionEntity,
  InstallationEntity,
];

@Module({})
export class AppModule {
  static with(config: Config, requestContext: DynamicModule): DynamicModule {
    return {
      module: AppModule,
      imports: [
        requestContext,
        ConfigModule.with(config),
        ClockModule,
        LifecycleModule,
        DatabaseModule.with(ENTITIES),
        RunsModule,
        WorkersModule,
        ArtifactsModule,
        HistoryModule,
        ExecutorModule,
        HealthModule,
        MetricsModule,
        AccessModule,
        AdminModule,
      ],
      providers: [HttpConnections],
    };
  }
}
