import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './access/access.module';
import { AdminModule } from './admin/admin.module';
import { ClockModule } from './clock/clock.module';
import type { Config } from './config/config';
import { ConfigModule } from './config/config.module';
import { ConfigSchemasModule } from './config-schemas/config-schemas.module';
import { DatabaseModule } from './database/database.module';
import { ExecutorModule } from './executor/executor.module';
import { HealthModule } from './health/health.module';
import { HttpConnections } from './lifecycle/http-connections';
import { IntakeModule } from './intake/intake.module';
import { LifecycleModule } from './lifecycle/lifecycle.module';
import { MetricsModule } from './metrics/metrics.module';
import { NotificationsModule } from './notifications/notifications.module';
import { RunsModule } from './runs/runs.module';
import { ArtifactsModule } from './artifacts/artifacts.module';
import { HistoryModule } from './history/history.module';
import { ResultTableModule } from './results/table/result-table.module';
import { RetentionModule } from './retention/retention.module';
import { SchedulesModule } from './schedules/schedules.module';
import { WorkersModule } from './workers/workers.module';

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
        DatabaseModule,
        RunsModule,
        IntakeModule,
        WorkersModule,
        ArtifactsModule,
        HistoryModule,
        ResultTableModule,
        SchedulesModule,
        NotificationsModule,
        RetentionModule,
        ConfigSchemasModule,
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
