import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import type { Transaction } from './writer';

interface Column {
  property: string;
  name: string;
  json: boolean;
}

/**
 * Moves entities to and from rows in bulk, by the entity's own column definitions. Hot paths go through here,
 * because TypeORM's `save` asks the database what it knows already and writes one row a statement.
 */
export class TableRows<Entity extends ObjectLiteral> {
  readonly table: string;
  private readonly columns: Column[];

  constructor(dataSource: DataSource, entity: EntityTarget<Entity>) {
    const metadata = dataSource.getMetadata(entity);
    this.table = metadata.tableName;
    this.columns = metadata.columns.map((column) => ({
      property: column.propertyName,
      name: column.databaseName,
      json: column.type === 'simple-json',
    }));
  }

  /** `SELECT *` and what else the caller's SQL needs, as entities. */
  async select(tx: Pick<Transaction, 'query'>, where: string, parameters: unknown[]): Promise<Entity[]> {
    const rows = await tx.query<Record<string, unknown>>(`SELECT * FROM ${this.table} ${where}`, parameters);
    return rows.map((row) => this.toEntity(row));
  }

  /**
   * One statement for all entities, as long as it has room for them. With `onConflict: 'ignore'` those that break a unique index are left out.
   * Properties that are undefined in the first entity are left to the database's default.
   * @returns the values of the column `returning`, of the rows that were really inserted.
   */
  async insert<Property extends keyof Entity & string>(
    tx: Transaction,
    entities: Partial<Entity>[],
    options: { onConflict?: 'ignore'; returning?: Property } = {},
  ): Promise<Entity[Property][]> {
    const first = entities[0];
    if (!first) return [];
    const columns = this.columns.filter(({ property }) => first[property] !== undefined);
    const returning = this.columns.find(({ property }) => property === options.returning);
    const returned: Entity[Property][] = [];
    for (const some of inPortions(entities, columns.length)) {
      const inserted = await tx.query<Record<string, Entity[Property]>>(
        `INSERT INTO ${this.table} (${columns.map(({ name }) => name).join(', ')})` +
          ` VALUES ${placeholders(some.length, columns.length)}` +
          (options.onConflict === 'ignore' ? ' ON CONFLICT DO NOTHING' : '') +
          (returning ? ` RETURNING ${returning.name}` : ''),
        some.flatMap((entity) => columns.map((column) => toValue(column, entity[column.property]))),
      );
      if (returning) for (const row of inserted) returned.push(row[returning.name]!);
    }
    return returned;
  }

  /**
   * Writes the named properties of all entities in one guarded statement.
   * @param guard SQL over the table's own columns and `v.<column>`, such as `runs.revision = v.revision`.
   * @returns how many rows the guard let through.
   */
  async update(
    tx: Transaction,
    entities: Entity[],
    { key, properties, guard }: { key: keyof Entity & string; properties: string[]; guard: string },
  ): Promise<number> {
    if (entities.length === 0) return 0;
    const used = this.columns.filter(({ property }) => property === key || properties.includes(property));
    const keyColumn = used.find(({ property }) => property === key)!;
    const set = used.filter((column) => column !== keyColumn);
    const updated = await tx.query(
      // Both SQLite and PostgreSQL name the columns of a VALUES list column1, column2, …
      `WITH v AS (SELECT ${used.map(({ name }, index) => `column${index + 1} AS ${name}`).join(', ')}` +
        ` FROM (VALUES ${placeholders(entities.length, used.length)}) AS listed)` +
        ` UPDATE ${this.table} SET ${set.map(({ name }) => `${name} = v.${name}`).join(', ')} FROM v` +
        ` WHERE ${this.table}.${keyColumn.name} = v.${keyColumn.name} AND ${guard}` +
        ` RETURNING ${this.table}.${keyColumn.name}`,
      entities.flatMap((entity) => used.map((column) => toValue(column, entity[column.property]))),
    );
    return updated.length;
  }

  private toEntity(row: Record<string, unknown>): Entity {
    const entity: Record<string, unknown> = {};
    for (const { property, name, json } of this.columns) {
      const value = row[name];
      entity[property] = json && typeof value === 'string' ? JSON.parse(value) : value;
    }
    return entity as Entity;
  }
}

/** How many values one statement may carry: SQLite takes 32,766, PostgreSQL a few more. */
const MAX_VALUES = 30_000;

/** The rows in groups that each fit into one statement. */
export function inPortions<Row>(rows: Row[], columns: number): Row[][] {
  const size = Math.max(1, Math.floor(MAX_VALUES / columns));
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}

/** `(?, ?), (?, ?)` for two rows of two columns. */
export function placeholders(rows: number, columns = 1): string {
  const row = `(${Array(columns).fill('?').join(', ')})`;
  return Array(rows).fill(row).join(', ');
}

/** `(?, ?, ?)`, for `IN`. */
export function inList(values: readonly unknown[]): string {
  return `(${values.map(() => '?').join(', ')})`;
}

function toValue({ json }: Column, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return json ? JSON.stringify(value) : value;
}
