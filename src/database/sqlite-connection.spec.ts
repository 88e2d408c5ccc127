import BetterSqlite3 from 'better-sqlite3';
import { SqliteConnection } from './sqlite-connection';

let file: BetterSqlite3.Database;
let connection: SqliteConnection;
beforeEach(() => {
  file = new BetterSqlite3(':memory:');
  file.exec('CREATE TABLE notes (note text UNIQUE, position integer)');
  connection = new SqliteConnection(file);
});
afterEach(() => {
  file.close();
});

const noteAll = (...notes: string[]) =>
  connection.each(
    'INSERT INTO notes (note, position) VALUES (?, ?) ON CONFLICT DO NOTHING',
    notes.map((note, index) => [note, index]),
  );

it('returns the rows of a statement, or an empty list if there are none', async () => {
  expect(await connection.query('INSERT INTO notes VALUES (?, 1)', ['a'])).toEqual([]);
  expect(await connection.query('SELECT note FROM notes WHERE position = ?', [1])).toEqual([{ note: 'a' }]);
  expect(await connection.query('DELETE FROM notes RETURNING note')).toEqual([{ note: 'a' }]);
});

it('executes a statement for each row and returns the number of changes for each', async () => {
  expect(await noteAll('a', 'b', 'a')).toEqual([1, 1, 0]);
  expect(await connection.each('UPDATE notes SET position = ?', [[7], [8]])).toEqual([2, 2]);
  expect(await connection.query('SELECT * FROM notes ORDER BY note')).toEqual([
    { note: 'a', position: 8 },
    { note: 'b', position: 8 },
  ]);
  expect(await connection.each('UPDATE notes SET position = ?', [])).toEqual([]);
});

it('rejects a failing statement and remains usable', async () => {
  await noteAll('a');
  await expect(connection.query('INSERT INTO notes VALUES (?, 1)', ['a'])).rejects.toThrow(/UNIQUE/);
  await expect(connection.each('INSERT INTO notes VALUES (?, 1)', [['a']])).rejects.toThrow(/UNIQUE/);
  await expect(connection.query('SELECT * FROM nowhere')).rejects.toThrow(/no such table/);
  expect(await noteAll('b')).toEqual([1]);
});

it('caches prepared statements, evicts the oldest and follows schema changes', async () => {
  const prepare = jest.spyOn(file, 'prepare');
  await noteAll('a', 'b');
  await noteAll('c');
  expect(prepare).toHaveBeenCalledTimes(1);
  await connection.query('SELECT * FROM notes');
  file.exec('ALTER TABLE notes ADD COLUMN extra text');
  expect(await connection.query('SELECT * FROM notes')).toContainEqual({
    note: 'a',
    position: 0,
    extra: null,
  });
  for (let n = 0; n < 600; n++) await connection.query(`SELECT ${n}`);
  prepare.mockClear();
  await noteAll('d');
  expect(prepare).toHaveBeenCalledTimes(1);
});
