import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableIndex,
} from 'typeorm';

type Options = Partial<TableColumnOptions>;
const text = (name: string, options: Options = {}): TableColumnOptions => ({
  name,
  type: 'text',
  ...options,
});
const json = text;
const integer = (name: string, options: Options = {}): TableColumnOptions => ({
  name,
  type: 'integer',
  ...options,
});
const counter = (name: string) =>
  integer(name, { isPrimary: true, isGenerated: true, generationStrategy: 'increment' });
const nullable = { isNullable: true };
const primary = { isPrimary: true };

export class FirstTables1700000000001 implements MigrationInterface {
  name = 'FirstTables1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    const create = async (name: string, columns: TableColumnOptions[], indices: TableIndex[] = []) => {
      await runner.createTable(new Table({ name, columns }));
      await runner.createIndices(name, indices);
    };
    const index = (
      name: string,
      columnNames: string[],
      options: { isUnique?: boolean; where?: string } = {},
    ) => new TableIndex({ name, columnNames, ...options });

    await create(
      'runs',
      [
        text('run_id', primary),
        text('project_id'),
        text('scope'),
        text('status'),
        text('status_reason', nullable),
        text('triggered_by'),
        json('params'),
        text('rerun_of', nullable),
        text('definition_hash'),
        text('executor'),
        integer('attempt'),
        integer('max_attempts'),
        text('worker_id', nullable),
        text('claimed_at', nullable),
        text('last_heard_at', nullable),
        text('lease_expires_at', nullable),
        text('started_at'),
        text('claim_by', nullable),
        { name: 'claim_timeout_seconds', type: 'float' },
        text('finish_by', nullable),
        text('cancel_requested_at', nullable),
        { name: 'stop_grace_seconds', type: 'float' },
        text('stop_by', nullable),
        text('ended_at', nullable),
        json('progress'),
        json('steps'),
        json('metrics'),
        json('error', nullable),
        json('artifacts'),
        integer('revision'),
      ],
      [
        index('one_running_run_per_project', ['project_id'], { isUnique: true, where: "status = 'running'" }),
        index('runs_by_project', ['project_id', 'run_id']),
        index('runs_by_project_and_status', ['project_id', 'status', 'run_id']),
        index('runs_by_status', ['status', 'run_id']),
        index('runs_by_scope', ['scope', 'run_id']),
        index('runs_by_trigger', ['triggered_by', 'run_id']),
        index('runs_by_end', ['ended_at']),
      ],
    );
    await create('definitions', [text('definition_hash', primary), json('definition')]);
    await create(
      'idempotency_keys',
      [
        text('idempotency_key', primary),
        text('request_hash'),
        text('run_id'),
        json('answer'),
        text('created_at'),
      ],
      [index('idempotency_keys_by_age', ['created_at'])],
    );
    await create(
      'applied_events',
      [
        counter('position'),
        text('event_id'),
        text('event_type'),
        text('occurred_at'),
        text('applied_at'),
        text('run_id'),
        json('payload'),
        text('outcome'),
        text('effect', nullable),
      ],
      [
        index('applied_events_by_id', ['event_id'], { isUnique: true }),
        index('applied_events_by_run', ['run_id', 'position']),
      ],
    );
    await create(
      'outbox',
      [
        counter('position'),
        text('event_id'),
        text('event_type'),
        text('event_version'),
        text('occurred_at'),
        text('run_id'),
        json('payload'),
      ],
      [index('outbox_by_run', ['run_id'])],
    );
    await create(
      'rejected_events',
      [counter('id'), text('entry_id'), text('reason'), json('fields'), text('rejected_at')],
      [index('rejected_events_by_entry', ['entry_id'])],
    );
    await create('stream_entries', [counter('id'), json('fields'), text('added_at')]);
    await create('stream_groups', [text('group_name', primary), integer('last_delivered_id')]);
    await create('stream_pending', [
      text('group_name', primary),
      integer('entry_id', primary),
      text('consumer'),
      text('delivered_at'),
      integer('delivery_count'),
    ]);
    await create('log_chunks', [
      text('run_id', primary),
      integer('last_seq', primary),
      integer('first_seq'),
      json('lines'),
    ]);
    await create('log_ends', [
      text('run_id', primary),
      integer('last_seq'),
      integer('bytes'),
      integer('limit_reached'),
      json('seen_numbers'),
    ]);
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
