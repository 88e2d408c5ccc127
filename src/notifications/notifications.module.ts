import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module';
import { DatabaseModule } from '../database/database.module';
import { HistoryModule } from '../history/history.module';
import { IntakeModule } from '../intake/intake.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { RunsModule } from '../runs/runs.module';
import { SchedulesModule } from '../schedules/schedules.module';
import { ConditionEngine } from './condition-engine';
import { ConditionRepository } from './condition.repository';
import { ConditionWatches } from './condition-watch';
import { DeliveryHousekeeping } from './delivery-housekeeping';
import { DeliveryRepository } from './delivery.repository';
import { DeliveryTry } from './delivery-try';
import { LateWatch } from './late-watch';
import { LongWatch } from './long-watch';
import { ChannelStateEntity, ConditionEntity, DeliveryEntity } from './notification.entities';
import { NotificationSender } from './notification-sender';
import { NotificationsController } from './notifications.controller';
import { NotificationsHealth } from './notifications.health';
import { NOTIFICATION_METRICS } from './notifications.metrics';
import { Notifications } from './notifications.service';
import { RunNotifications } from './run-notifications';
import { RunOutcomeRepository } from './run-outcome.repository';
import { StaleWatch } from './stale-watch';
import { StuckWatch } from './stuck-watch';
import { WatchedProjects } from './watched-projects';

/** Messages about runs to webhooks, chats and mail addresses. */
@Module({
  imports: [
    DatabaseModule.forFeature([DeliveryEntity, ConditionEntity, ChannelStateEntity]),
    ChannelsModule,
    HistoryModule,
    IntakeModule,
    LogsModule,
    ProjectsModule,
    RunsModule,
    SchedulesModule,
  ],
  controllers: [NotificationsController],
  providers: [
    ConditionEngine,
    ConditionRepository,
    ConditionWatches,
    DeliveryHousekeeping,
    DeliveryRepository,
    DeliveryTry,
    LateWatch,
    LongWatch,
    NotificationSender,
    Notifications,
    RunNotifications,
    RunOutcomeRepository,
    StaleWatch,
    StuckWatch,
    WatchedProjects,
    NotificationsHealth,
    ...NOTIFICATION_METRICS,
  ],
  exports: [ConditionWatches, Notifications],
})
export class NotificationsModule {}
