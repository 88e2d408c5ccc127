import { Global, Inject, Module, type OnApplicationShutdown, type Type } from '@nestjs/common';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { Database } from './database';
import { DatabaseHealth } from './database.health';
import { DiskHealth } from './disk.health';
import { DiskSpace } from './disk-space';

const contributed = new Set<EntityTarget<ObjectLiteral>>();

/** Returns the entities of all modules that have been loaded. */
export function contributedEntities(): EntityTarget<ObjectLiteral>[] {
  return [...contributed];
}

/** Provides the database to all modules. Each module contributes its entities with `forFeature`. */
@Global()
@Module({
  providers: [
    DatabaseHealth,
    DiskHealth,
    DiskSpace,
    {
      provide: Database,
      inject: [CONFIG],
      // Runs after all modules have been loaded, so the list is complete.
      useFactory: (config: Config) => Database.open(config.databaseFile, contributedEntities()),
    },
  ],
  exports: [Database, DiskSpace],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Contributes the entities of a module. */
  static forFeature(entities: EntityTarget<ObjectLiteral>[]): Type<DatabaseModule> {
    for (const entity of entities) contributed.add(entity);
    return DatabaseModule;
  }

  /** Nest calls this last for the module that all others depend on. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
