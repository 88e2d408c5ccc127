import { Module } from '@nestjs/common';
import { WorkerPresence } from './worker-presence';

@Module({ providers: [WorkerPresence], exports: [WorkerPresence] })
export class PresenceModule {}
