import { Module } from '@nestjs/common';
import { Channels } from './channels';

/** The file config/notifications.yaml. */
@Module({ providers: [Channels], exports: [Channels] })
export class ChannelsModule {}
