import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import type { Transaction } from './writer';

interface Column {
  property: string;
  name: string;
  json: boolean;
}

/** Reads a fixed set of columns of one table. */
export class RowReader<Row> {
  /** Selects columns under their property names, so that a row is an entity without conversion. */
  private readonly selection: string;
  private readonly jsonProperties: string[];

  constructor(table: string, columns: Column[]) {
    const selected = columns.map(({ property, name }) => `${name} AS "${property}"`).join(', ');
    this.selection = `SELECT ${selected} FROM ${table}`;
    this.jsonProperties = columns.filter(({ json }) => json).map(({ property }) => property);
  }

  async select(tx: Pick<Transaction, 'query'>, where: string, parameters: unknown[]): Promise<Row[]> {
    const rows = await tx.query<Row>(`${this.selection} ${where}`, parameters);
    for (const row of rows as Record<string, unknown>[]) {
      for (const property of this.jsonProperties) {
        if (typeof row[property] === 'string') row[property] = JSON.parse(row[property]);
      }
    }
    return rows;
  }
}

/**
 * Reads and writes entities in bulk, using the entity's column definitions. For hot paths, because TypeORM's `save`
 * first queries the database.
 *
 * Each row is written by one short prepared statement. In SQLite, which runs in this process, that takes less than
 * half the time of one statement for all rows. A statement for many rows must journal each page that it changes, to be
 * able to undo a partial statement. A transaction rolls back as a whole.
 */
export class TableRows<Entity extends ObjectLiteral> {
  readonly table: string;
  private readonly columns: Column[];
  private readonly whole: RowReader<Entity>;

  constructor(dataSource: DataSource, entity: EntityTarget<Entity>) {
    const metadata = dataSource.getMetadata(entity);
    this.table = metadata.tableName;
    this.columns = metadata.columns.map((column) => ({
      property: column.propertyName,
      name: column.databaseName,
      json: column.type === 'simple-json',
    }));
    this.whole = new RowReader(this.table, this.columns);
  }

  /** Returns all columns, as entities. `where` may end in an order and a limit. */
  async select(tx: Pick<Transaction, 'query'>, where: string, parameters: unknown[]): Promise<Entity[]> {
    return this.whole.select(tx, where, parameters);
  }

  /** Returns a reader for some columns: a wide row takes several times as long to read as a narrow one. */
  only<Property extends keyof Entity & string>(properties: Property[]): RowReader<Pick<Entity, Property>> {
    const columns = this.columns.filter(({ property }) => properties.includes(property as Property));
    return new RowReader(this.table, columns);
  }

  /**
   * Inserts entities. With `onConflict: 'ignore'`, rows that violate a unique index are skipped. Properties that are
   * undefined in the first entity get the default of the database.
   * @returns the inserted entities
   */
  async insert(
    tx: Transaction,
    entities: Partial<Entity>[],
    { onConflict }: { onConflict?: 'ignore' } = {},
  ): Promise<Partial<Entity>[]> {
    const first = entities[0];
    if (!first) return [];
    const columns = this.columns.filter(({ property }) => first[property] !== undefined);
    const inserted = await tx.each(
      `INSERT INTO ${this.table} (${columns.map(({ name }) => name).join(', ')})` +
        ` VALUES ${placeholders(1, columns.length)}` +
        (onConflict === 'ignore' ? ' ON CONFLICT DO NOTHING' : ''),
      entities.map((entity) => columns.map((column) => toValue(column, entity[column.property]))),
    );
    return entities.filter((_, index) => inserted[index] === 1);
  }

  /**
   * Writes the named properties of each entity.
   * @param guard SQL over the table's columns, with `?` for each of the `guardedBy` of the entity, such as
   *   `revision < ?` and `['revision']`
   * @returns how many rows were updated
   */
  async update(
    tx: Transaction,
    entities: Entity[],
    {
      key,
      properties,
      guard,
      guardedBy = [],
    }: { key: keyof Entity & string; properties: string[]; guard: string; guardedBy?: string[] },
  ): Promise<number> {
    if (entities.length === 0) return 0;
    const column = (property: string) => this.columns.find((known) => known.property === property)!;
    const used = [...properties, key, ...guardedBy].map(column);
    const set = properties.map((property) => `${column(property).name} = ?`).join(', ');
    const updated = await tx.each(
      `UPDATE ${this.table} SET ${set} WHERE ${column(key).name} = ? AND ${guard}`,
      entities.map((entity) => used.map((one) => toValue(one, entity[one.property]))),
    );
    return updated.reduce((sum, count) => sum + count, 0);
  }
}

/** Maximum number of values in one statement: SQLite accepts 32,766, PostgreSQL a few more. */
const MAX_VALUES = 30_000;

/** Splits rows into groups that each fit into one statement. */
export function inPortions<Row>(rows: Row[], columns: number): Row[][] {
  const size = Math.max(1, Math.floor(MAX_VALUES / columns));
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}

/** Returns `(?, ?), (?, ?)` for two rows of two columns. */
export function placeholders(rows: number, columns = 1): string {
  const row = `(${Array(columns).fill('?').join(', ')})`;
  return Array(rows).fill(row).join(', ');
}

/** Returns `(?, ?, ?)`, for `IN`. */
export function inList(values: readonly unknown[]): string {
  return `(${values.map(() => '?').join(', ')})`;
}

function toValue({ json }: Column, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return json ? JSON.stringify(value) : value;
}
