import { Injectable } from '@nestjs/common';
import {
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
  messageOf,
  type Trouble,
} from '../health/health-indicator';
import { Database } from './database';
import { STORAGE_DETAILS } from './storage-error';

/** Whether the database can be written and read. */
@Injectable()
@IndicatorOf('database')
export class DatabaseHealth implements HealthIndicator {
  constructor(private readonly database: Database) {}

  async check(): Promise<Finding> {
    await this.database.assertWritable();
    await this.database.assertReadable();
    return healthy('readable and writable');
  }

  troubles(): Trouble[] {
    const { trouble } = this.database;
    if (trouble === null) return [];
    const message = `${STORAGE_DETAILS[trouble]} Pages show the last saved state.`;
    return [{ message, since: null, refusesRuns: true }];
  }

  async whyNotReady(): Promise<string | null> {
    return this.check().then(() => null, messageOf);
  }
}
