import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** Adds the progress of a stop, and indexes for the run page: re-runs, attempts and rejected events of a run. */
export class StopReports1700000000005 implements MigrationInterface {
  name = 'StopReports1700000000005';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table, which takes long with many rows.
    await runner.query('ALTER TABLE runs ADD COLUMN stop_report text');
    await runner.query('ALTER TABLE rejected_events ADD COLUMN run_id text');
    await runner.createIndex(
      'runs',
      new TableIndex({
        name: 'runs_by_original',
        columnNames: ['rerun_of', 'run_id'],
        where: 'rerun_of IS NOT NULL',
      }),
    );
    await runner.createIndex(
      'applied_events',
      new TableIndex({
        name: 'attempts_by_run',
        columnNames: ['run_id', 'position'],
        where: "event_type IN ('run.requested', 'run.started')",
      }),
    );
    await runner.createIndex(
      'rejected_events',
      new TableIndex({
        name: 'rejected_events_by_run',
        columnNames: ['run_id', 'id'],
        where: 'run_id IS NOT NULL',
      }),
    );
    await this.nameRuns(runner);
  }

  /** Sets the run of existing rejected events. Reads them one at a time, because an event may be large. */
  private async nameRuns(runner: QueryRunner): Promise<void> {
    const ids = (await runner.query('SELECT id FROM rejected_events')) as { id: number }[];
    for (const { id } of ids) {
      const [row] = (await runner.query(`SELECT fields FROM rejected_events WHERE id = ${Number(id)}`)) as {
        fields: string;
      }[];
      const { runId } = JSON.parse(row!.fields) as { runId?: string };
      const isNamed = runId !== undefined && /^[0-9a-f-]{36}$/i.test(runId);
      if (isNamed)
        await runner.query(
          `UPDATE rejected_events SET run_id = '${runId.toLowerCase()}' WHERE id = ${Number(id)}`,
        );
    }
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
