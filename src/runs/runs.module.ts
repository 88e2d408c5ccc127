import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { DatabaseModule } from '../database/database.module';
import { EventsModule } from '../events/events.module';
import { InputsModule } from '../inputs/inputs.module';
import { LogsModule } from '../logs/logs.module';
import { PresenceModule } from '../presence/presence.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { ResultsModule } from '../results/results.module';
import { CommandFacts } from './command-facts';
import { DeletedRunRepository } from './deleted-run.repository';
import { Housekeeping } from './housekeeping';
import { IdempotencyKeyRepository } from './idempotency-key.repository';
import { IdempotentRequests } from './idempotent-requests';
import { RunCreator } from './run-creator';
import { RunChanges } from './run-changes';
import { RunCommands } from './run-commands';
import { RunHooks } from './run-hooks';
import { RunIds } from './run-id';
import { RunLogsController } from './run-logs.controller';
import { RequestRepublisher } from './request-republisher';
import { RunNumberRepository } from './run-number.repository';
import { RunSecretRepository } from './run-secret.repository';
import { RunSecrets } from './run-secrets';
import { RunStarter } from './run-starter';
import { RunStreams } from './run-streams';
import { RunViewBuilder } from './run-view-builder';
import { RUN_METRICS } from './run.metrics';
import {
  DefinitionEntity,
  DeletedRunEntity,
  IdempotencyKeyEntity,
  RunEntity,
  RunNumberEntity,
  RunSecretsEntity,
} from './run.entity';
import { RunRepository } from './run.repository';
import { RunDefinitionController } from './run-definition.controller';
import { RunsController } from './runs.controller';
import { RunsService } from './runs.service';
import { SecretKey } from './secret-key';
import { StartConditions } from './start-conditions';
import { UnrecordedStops } from './unrecorded-stops';

/** The run: its state machine, its commands, its REST endpoints, and the stream of its changes. */
@Module({
  imports: [
    DatabaseModule.forFeature([
      RunEntity,
      RunNumberEntity,
      DefinitionEntity,
      DeletedRunEntity,
      IdempotencyKeyEntity,
      RunSecretsEntity,
    ]),
    EventsModule,
    InputsModule,
    LogsModule,
    PresenceModule,
    ProjectsModule,
    QuotaModule,
    ResultsModule,
  ],
  controllers: [RunsController, RunLogsController, RunDefinitionController],
  providers: [
    CommandFacts,
    DeletedRunRepository,
    Housekeeping,
    IdempotencyKeyRepository,
    IdempotentRequests,
    RunCreator,
    RunChanges,
    RunCommands,
    RunHooks,
    {
      provide: RunIds,
      inject: [RunRepository, Clock],
      useFactory: async (runs: RunRepository, clock: Clock) => new RunIds(clock, await runs.newestId()),
    },
    RunNumberRepository,
    RunRepository,
    RequestRepublisher,
    RunSecretRepository,
    RunSecrets,
    RunStarter,
    RunStreams,
    RunViewBuilder,
    RunsService,
    SecretKey,
    StartConditions,
    UnrecordedStops,
    ...RUN_METRICS,
  ],
  exports: [
    DeletedRunRepository,
    RunChanges,
    RunHooks,
    RunRepository,
    RunSecrets,
    RunViewBuilder,
    RunsService,
  ],
})
export class RunsModule {}
