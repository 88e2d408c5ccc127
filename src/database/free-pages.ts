import type { SqliteConnection } from './sqlite-connection';
import type { Transaction, WriteCommand } from './writer';

/** Milliseconds of one turn. All other writes wait that long. */
const TURN_MS = 4;
const PAGES_AT_ONCE = 16;
/** Pages that stay in the file, because the next rows need some. */
const KEPT_PAGES = 256;

/** Returns unused pages of the database file to the file system, a few at a time. */
export class FreePages {
  constructor(private readonly connection: Pick<SqliteConnection, 'returnFreePages'>) {}

  /** Returns pages for a few milliseconds. The output is whether there are more. */
  readonly giveBack: WriteCommand<undefined, boolean> = async (tx, inputs) => {
    const untilMs = performance.now() + TURN_MS;
    let free = await freeOf(tx);
    while (free > KEPT_PAGES && performance.now() < untilMs) {
      this.connection.returnFreePages(Math.min(PAGES_AT_ONCE, free - KEPT_PAGES));
      const left = await freeOf(tx);
      if (left >= free) return inputs.map(() => false); // a database without incremental vacuum
      free = left;
    }
    return inputs.map(() => free > KEPT_PAGES);
  };
}

async function freeOf(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ freelist_count: number }>('PRAGMA freelist_count');
  return row!.freelist_count;
}
