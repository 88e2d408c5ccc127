import { Inject, Injectable } from '@nestjs/common';
import { Channels } from '../channels/channels';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';

/** The configuration for steps of the embedded worker: without the variables of notification channels. */
@Injectable()
export class StepSettings {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly channels: Channels,
  ) {}

  /** Returns the configuration now, because the channels can change. */
  current(): Config {
    const reserved = this.channels.variables();
    if (reserved.size === 0) return this.config;
    const passable = Object.entries(this.config.environment).filter(([name]) => !reserved.has(name));
    return { ...this.config, environment: Object.fromEntries(passable) };
  }
}
