import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { fileVariableOf } from '../config/secrets';
import { ConfigFile } from '../config-files/config-file';
import type { FileProblem } from '../config-files/file-problem';
import type { NotifyRoute, NotifyRules } from '../projects/notify-rules';
import type { ProjectDefinition } from '../projects/project';
import { type Channel, type NotificationSettings, parseNotificationsFile } from './notifications-file';

/** The channels of notifications.yaml, and what each project sends to them. */
@Injectable()
export class Channels implements OnModuleInit, OnApplicationShutdown {
  private readonly file: ConfigFile<NotificationSettings>;

  constructor(@Inject(CONFIG) config: Config) {
    this.file = new ConfigFile(config, 'notifications.yaml', parseNotificationsFile);
  }

  onModuleInit(): Promise<void> {
    return this.file.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.file.close();
  }

  /** False while there is a file that has not been valid since the start. */
  get hasBeenRead(): boolean {
    return this.file.content !== null || this.file.problems.length === 0;
  }

  list(): readonly Channel[] {
    return this.file.content?.channels ?? [];
  }

  find(id: string): Channel | null {
    return this.list().find((channel) => channel.id === id) ?? null;
  }

  /** Returns the routes of a project to existing channels. */
  routesOf({ notify }: NotifyRules): NotifyRoute[] {
    const known = this.list();
    const routes = notify ?? this.file.content?.defaults ?? [];
    return routes.filter(({ channel }) => known.some(({ id }) => id === channel));
  }

  problems(): FileProblem[] {
    return this.file.problems;
  }

  /** Path of the file for display. */
  get path(): string {
    return this.file.path;
  }

  /** Reloads the file if it has changed. */
  reload(): Promise<void> {
    return this.file.reload();
  }

  /** The variables with URLs and secrets. No step receives them. */
  variables(): ReadonlySet<string> {
    const names = this.list().flatMap(({ urlFrom, secretFrom }) => [urlFrom ?? [], secretFrom ?? []].flat());
    return new Set(names.flatMap((name) => [name, fileVariableOf(name)]));
  }

  /**
   * Returns what is wrong with the notifications of a project: unknown channels, and steps that want variables of
   * channels.
   * @param lineOf finds a path in the project file
   */
  notes(
    { notifications, steps }: Pick<ProjectDefinition, 'notifications' | 'steps'>,
    lineOf: (path: (string | number)[]) => number | null,
  ): string[] {
    const unknown = (notifications.notify ?? []).flatMap(({ channel }, index) => {
      if (this.find(channel) !== null) return [];
      const line = lineOf(['notify', index, 'channel']);
      const where = line === null ? '' : `Line ${line}: `;
      return [`${where}"notify" names channel "${channel}", which is not in ${this.path}.`];
    });
    const reserved = this.variables();
    const wanted = new Set(steps.flatMap(({ passEnv, passPlainEnv }) => [...passEnv, ...passPlainEnv]));
    const withheld = [...wanted]
      .filter((name) => reserved.has(name))
      .map((name) => `${name} is not passed to steps, because ${this.path} uses it for a channel.`);
    return [...unknown, ...withheld];
  }
}
