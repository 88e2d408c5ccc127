import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { Database } from './database';
import { DiskSpace } from './disk-space';

/** Provides the database. The application passes the entities. */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  static with(entities: EntityTarget<ObjectLiteral>[]): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        DiskSpace,
        {
          provide: Database,
          inject: [CONFIG],
          useFactory: (config: Config) => Database.open(config.databaseFile, entities),
        },
      ],
      exports: [Database, DiskSpace],
    };
  }

  /** Nest calls this last for the module that all others depend on. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
