import { Module } from '@nestjs/common';
import { PRESENCE_METRICS } from './presence.metrics';
import { WorkerPresence } from './worker-presence';

@Module({ providers: [WorkerPresence, ...PRESENCE_METRICS], exports: [WorkerPresence] })
export class PresenceModule {}
