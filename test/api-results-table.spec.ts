import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { LiveResults } from '../src/results/live-results';
import { ResultFiles } from '../src/results/result-files';
import { invalid, problem } from './support/expect-problem';
import { isAlive, makeFolders, RunningApp, ServerProcess } from './support/jobato';
import { publishTable, tableProject } from './support/table-results';
import { until } from './support/until';
import { externalProject, HttpWorker, KEY } from './support/worker-api';

type Row = Record<string, unknown>;
interface RowPage {
  items: Row[];
  nextCursor: string | null;
  result: { runId: string; number: number; since: string };
  columns: { name: string; type: string }[];
  view: string;
  sort: string | null;
  counts: { today: number | null; all: number | null };
}
const ENDLESS = 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)';
const HOSTILE = {
  quote: `a"b'c]\`d`,
  lines: 'two\nlines',
  proto: '__proto__',
  constructor: 'constructor',
  minus: '-minus',
  sql: '"; DROP TABLE jobs; --',
  html: '<img src=x onerror=alert(1)>',
  long: 'x'.repeat(10_000),
};

describe('the table of a live result', () => {
  let jobato: RunningApp;
  let worker: HttpWorker;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        jobs: tableProject('jobs', {
          columns: ['company', 'salary'],
          title: 'title',
          link: 'url',
          newBy: 'run',
          sort: 'salary desc',
        }),
        plain: externalProject('plain'),
        empty: tableProject('empty'),
        hostile: tableProject('hostile'),
        values: tableProject('values'),
        keyed: tableProject('keyed', { sort: 'title' }),
        view: tableProject('view', { sort: 'title' }),
        endless: tableProject('endless', { columns: ['x'] }),
        broken: tableProject('broken'),
        changing: tableProject('changing', { newBy: 'run' }, 1),
        wide: tableProject('wide'),
        files: tableProject('files'),
        large: tableProject('large', {}, 0),
      },
      { JOBATO_API_KEY: KEY },
    );
    worker = new HttpWorker(jobato);
  });
  afterAll(() => jobato.stop());

  const publish = (projectId: string, fill: (database: BetterSqlite3.Database, runId: string) => void) =>
    publishTable(jobato, worker, projectId, fill);
  const path = (projectId: string, query: Record<string, string | number> = {}, file = 'rows') =>
    `/api/projects/${projectId}/results/${file}?${new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString()}`;
  const rows = async (projectId: string, query: Record<string, string | number> = {}) =>
    (await jobato.api.get(path(projectId, query)).expect(200)).body as RowPage;
  const walk = async (projectId: string, query: Record<string, string | number>) => {
    const items: Row[] = [];
    for (let cursor: string | null = null; ;) {
      const page: RowPage = await rows(projectId, { ...query, ...(cursor !== null && { cursor }) });
      items.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === null) return items;
    }
  };
  const csv = async (projectId: string, query: Record<string, string | number> = {}) =>
    // Not text(), which drops a byte order mark.
    Buffer.from(await (await jobato.fetch(path(projectId, query, 'rows.csv'))).arrayBuffer()).toString();
  const fileOf = async (projectId: string) => {
    const results = jobato.app.get(LiveResults);
    return results.pathOf(await results.get(projectId));
  };

  /** Puts a database in the place of a live one that Jobato has accepted. */
  const replaceFile = async (projectId: string, sql: string) => {
    const other = join(jobato.folders.root, 'other.db');
    const database = new BetterSqlite3(other);
    database.exec(sql);
    database.close();
    renameSync(other, await fileOf(projectId));
  };

  describe('of job offers', () => {
    let newest: string;
    beforeAll(async () => {
      const { runId } = await publish('jobs', (database, run) => {
        newest = run;
        database.exec(
          'CREATE TABLE jobs (title TEXT, company TEXT, salary INTEGER, url TEXT, run TEXT, note)',
        );
        const add = database.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)');
        add.run('Baker', 'Ährenwert', 100, 'https://example.com/1', 'earlier', 'unseen');
        add.run('Cook', '100%_sure', null, null, run, null);
        add.run('Driver', 'ÄRZTE', 300, null, run, null);
        add.run('Editor', null, 300, null, 'earlier', null);
        add.run('Farmer', '100 sure', null, null, 'earlier', null);
      });
      expect(runId).toBe(newest);
    });
    const titles = (items: Row[]) => items.map(({ title }) => String(title)[0]).join('');

    it('has the title, the named columns and the link, first the rows of the newest run', async () => {
      const page = await rows('jobs');
      expect(page).toEqual({
        items: [
          { title: 'Driver', company: 'ÄRZTE', salary: 300, url: null },
          { title: 'Cook', company: '100%_sure', salary: null, url: null },
        ],
        nextCursor: null,
        result: { runId: newest, number: 1, since: expect.stringMatching(/Z$/) },
        columns: [
          { name: 'title', type: 'TEXT' },
          { name: 'company', type: 'TEXT' },
          { name: 'salary', type: 'INTEGER' },
          { name: 'url', type: 'TEXT' },
        ],
        view: 'today',
        sort: '-salary',
        counts: { today: 2, all: 5 },
      });
    });

    it.each([
      ['-salary', 'EDBFC'],
      ['salary', 'BDECF'],
      ['title', 'BCDEF'],
      ['-title', 'FEDCB'],
      ['company', 'FCBDE'],
    ])('is sorted by %s in pages of every size, rows without a value last', async (sort, expected) => {
      for (const limit of [1, 2, 3, 5, 200])
        expect([limit, titles(await walk('jobs', { view: 'all', sort, limit }))]).toEqual([limit, expected]);
    });

    it.each([
      ['baker', 'B'],
      ['ährenWERT', 'B'],
      ['ärzte', 'D'],
      ['100%_', 'C'],
      ['_', 'C'],
      ['%', 'C'],
      ['\\', ''],
      ["'", ''],
      ['300', ''],
      ['unseen', ''],
      ['  ', 'EDBFC'],
      ['example.com', 'B'],
    ])('is searched for "%s" in the shown columns', async (search, expected) => {
      expect(titles(await walk('jobs', { view: 'all', search, limit: 2 }))).toBe(expected);
    });

    it('combines search and view', async () => {
      expect(titles((await rows('jobs', { search: '100' })).items)).toBe('C');
      expect(titles((await rows('jobs', { search: '100', view: 'all' })).items)).toBe('FC');
    });

    it('refuses what is not a query of this table', async () => {
      const { nextCursor } = await rows('jobs', { limit: 1 });
      const refused = async (query: Record<string, string | number>, field: string) =>
        jobato.api.get(path('jobs', query)).expect(invalid(field));
      await refused({ limit: 0 }, 'limit');
      await refused({ limit: 201 }, 'limit');
      await refused({ view: 'yesterday' }, 'view');
      await refused({ sort: 'note' }, 'sort');
      await refused({ sort: 'run' }, 'sort');
      await refused({ sort: 'title; DROP TABLE jobs' }, 'sort');
      await refused({ search: 'x'.repeat(201) }, 'search');
      await refused({ cursor: 'x' }, 'cursor');
      await refused({ cursor: nextCursor!, view: 'all' }, 'cursor');
      await refused({ cursor: nextCursor!, sort: 'title' }, 'cursor');
      await refused({ cursor: nextCursor!, search: 'a' }, 'cursor');
      await refused({ page: 2 }, 'page');
    });

    it('is downloaded as CSV with the same filters', async () => {
      const response = await jobato.fetch(path('jobs', { view: 'all', sort: 'title' }, 'rows.csv'));
      expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
      expect(response.headers.get('content-disposition')).toBe('attachment; filename="jobs-1.csv"');
      expect(Buffer.from(await response.arrayBuffer()).toString('utf8')).toBe(
        '\uFEFFtitle,company,salary,url\r\n' +
          'Baker,Ährenwert,100,https://example.com/1\r\nCook,100%_sure,,\r\nDriver,ÄRZTE,300,\r\n' +
          'Editor,,300,\r\nFarmer,100 sure,,\r\n',
      );
      expect(await csv('jobs', { search: 'bak', view: 'all' })).toBe(
        '\uFEFFtitle,company,salary,url\r\nBaker,Ährenwert,100,https://example.com/1\r\n',
      );
      await jobato.api.get(path('jobs', { sort: 'run' }, 'rows.csv')).expect(invalid('sort'));
      expect((await jobato.fetch(path('jobs', {}, 'rows.csv'), { method: 'HEAD' })).status).toBe(200);
    });
  });

  it('needs a project, a table in its file, and a result', async () => {
    for (const file of ['rows', 'rows.csv']) {
      await jobato.api.get(path('unknown', {}, file)).expect(problem(404, 'PROJECT_NOT_FOUND'));
      await jobato.api.get(path('plain', {}, file)).expect(problem(404, 'RESULT_TABLE_NOT_SET'));
      await jobato.api.get(path('empty', {}, file)).expect(problem(404, 'RESULT_NOT_FOUND'));
    }
  });

  it('has columns with hostile names', async () => {
    const names = Object.values(HOSTILE);
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
    await publish('hostile', (database) => {
      database.exec(`CREATE TABLE jobs (${quoted.join(', ')})`);
      for (const value of [2, 1])
        database
          .prepare(`INSERT INTO jobs VALUES (${names.map(() => '?').join(', ')})`)
          .run(...names.map((_, index) => value * 10 + index));
    });
    const { items, columns } = await rows('hostile');
    expect(columns.map(({ name }) => name)).toEqual(names);
    expect(Object.keys(items[0]!)).toEqual(names);
    expect(Object.values(items[0]!)).toEqual(names.map((_, index) => 20 + index));
    for (const name of names.filter((each) => each.length < 1000)) {
      const sorted = await rows('hostile', { sort: name, limit: 1 });
      expect(Object.values(sorted.items[0]!)[0]).toBe(10);
      expect(Object.values((await rows('hostile', { sort: `-${name}` })).items[0]!)[0]).toBe(20);
    }
    await jobato.api.get(path('hostile', { view: 'today' })).expect(invalid('view'));
    expect((await csv('hostile')).split('\r\n')[0]).toContain(`"'-minus"`);
  });

  it('shows every kind of value, and cuts what is long', async () => {
    await publish('values', (database) => {
      database.exec('CREATE TABLE jobs (value)');
      const add = database.prepare('INSERT INTO jobs VALUES (?)');
      add.run(9007199254740993n);
      add.run(-5n);
      add.run(1.5);
      add.run(null);
      add.run(Buffer.alloc(12_345));
      add.run('=1+1');
      add.run('a,"b"\nc');
      add.run('x'.repeat(2_000_000));
      add.run('ü'.repeat(9000));
      database.exec("INSERT INTO jobs VALUES (9e999), (CAST(x'61FF62' AS TEXT)), (CAST(x'610062' AS TEXT))");
      add.run('');
    });
    const { items } = await rows('values');
    expect(items.map(({ value }) => value)).toEqual([
      '9007199254740993',
      -5,
      1.5,
      null,
      { kind: 'blob', bytes: 12_345 },
      '=1+1',
      'a,"b"\nc',
      { kind: 'cut', text: 'x'.repeat(10_000), bytes: 2_000_000 },
      'ü'.repeat(9000),
      'Infinity',
      'a\uFFFDb',
      'a\0b',
      '',
    ]);
    const text = await csv('values');
    expect(text).toContain(
      '\r\n9007199254740993\r\n-5\r\n1.5\r\n\r\n"[blob, 12 kB]"\r\n"\'=1+1"\r\n"a,""b""\nc"\r\n',
    );
    expect(text).toContain(`${'x'.repeat(1024 * 1024)}… [cut, 2 MB]"`);
    const byValue = await walk('values', { sort: 'value', limit: 1 });
    const byValueDown = await walk('values', { sort: '-value', limit: 2 });
    expect(byValue).toHaveLength(13);
    expect(byValue.at(-1)).toEqual({ value: null });
    expect(byValueDown).toEqual([...byValue.slice(0, -1).reverse(), { value: null }]);
  });

  it.each(['keyed', 'view'])('is read from a %s without row ids', async (projectId) => {
    await publish(projectId, (database) => {
      database.exec(
        projectId === 'keyed'
          ? 'CREATE TABLE jobs (title TEXT, id INTEGER, PRIMARY KEY (title, id)) WITHOUT ROWID'
          : 'CREATE TABLE offers (title TEXT, id INTEGER); CREATE VIEW jobs AS SELECT * FROM offers',
      );
      const into = projectId === 'keyed' ? 'jobs' : 'offers';
      for (let id = 0; id < 50; id++)
        database.prepare(`INSERT INTO ${into} VALUES (?, ?)`).run(`t${id % 3}`, id);
    });
    const expected = Array.from({ length: 50 }, (_, id) => ({ title: `t${id % 3}`, id })).sort(
      (one, other) => one.title.localeCompare(other.title) || one.id - other.id,
    );
    expect(await walk(projectId, { limit: 7 })).toEqual(expected);
    expect(await walk(projectId, { limit: 7, sort: '-title' })).toEqual(expected.reverse());
  });

  it('has hidden names for the row id', async () => {
    await publish('wide', (database) =>
      database.exec(
        "CREATE TABLE jobs (rowid TEXT, _ROWID_ TEXT, t TEXT); INSERT INTO jobs VALUES ('b', 'x', 'a'), ('a', 'x', 'a')",
      ),
    );
    expect((await walk('wide', { limit: 1 })).map(({ rowid }) => rowid)).toEqual(['b', 'a']);
    await publish('wide', (database) =>
      database.exec(
        "CREATE TABLE jobs (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO jobs VALUES ('b', 'x', 'a'), ('a', 'x', 'a')",
      ),
    );
    expect((await walk('wide', { limit: 1, sort: 'rowid' })).map(({ rowid }) => rowid)).toEqual(['a', 'b']);
    await publish('wide', (database) =>
      database.exec(
        `CREATE TABLE jobs (${Array.from({ length: 51 }, (_, index) => `c${index}`).join(', ')})`,
      ),
    );
    const { body } = await jobato.api.get(path('wide')).expect(problem(409, 'RESULT_UNREADABLE'));
    expect((body as { detail: string }).detail).toContain('51 columns');
  });

  it('stops a view without an end, and serves other projects afterwards', async () => {
    await publish('endless', (database) =>
      database.exec(`CREATE VIEW jobs AS ${ENDLESS} SELECT count(*) AS x FROM n`),
    );
    for (const file of ['rows', 'rows'])
      await jobato.api.get(path('endless', {}, file)).expect(problem(503, 'RESULT_TOO_SLOW'));
    expect((await rows('jobs')).counts.all).toBe(5);
    // An endless list of rows has a first page, and no count.
    await publish('endless', (database) => database.exec(`CREATE VIEW jobs AS ${ENDLESS} SELECT x FROM n`));
    const page = await rows('endless', { limit: 2 });
    expect(page).toMatchObject({ items: [{ x: 1 }, { x: 2 }], counts: { all: null, today: null } });
    expect((await rows('endless', { limit: 2, cursor: page.nextCursor! })).items).toEqual([
      { x: 3 },
      { x: 4 },
    ]);
  });

  it.each([
    [
      'an unknown function',
      'CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE VIEW jobs AS SELECT unheard_of(a) AS x FROM t',
    ],
    ['a function of the reader', "CREATE VIEW jobs AS SELECT holds('a', 'a') AS x"],
    ['an extension', "CREATE VIEW jobs AS SELECT load_extension('x') AS x"],
    ['more memory than there is', 'CREATE VIEW jobs AS SELECT hex(zeroblob(900000000)) AS x'],
    ['itself', 'CREATE VIEW jobs AS SELECT * FROM jobs'],
  ])('reports a view that uses %s', async (_what, sql) => {
    await publish('broken', (database) => database.exec('CREATE TABLE jobs (x)'));
    await replaceFile('broken', sql);
    const { body } = await jobato.api.get(path('broken')).expect(problem(409, 'RESULT_UNREADABLE'));
    expect((body as { detail: string }).detail).toMatch(/\.$/);
    await jobato.api.get(path('broken', {}, 'rows.csv')).expect(problem(409, 'RESULT_UNREADABLE'));
    await rows('jobs');
  });

  it('refuses a virtual table', async () => {
    await publish('broken', (database) => database.exec('CREATE VIRTUAL TABLE jobs USING fts5(title)'));
    await jobato.api.get(path('broken')).expect(problem(409, 'RESULT_UNREADABLE'));
  });

  it('reports a file that is damaged, replaced or deleted, and reads it again when it is back', async () => {
    await publish('files', (database) => {
      database.exec('CREATE TABLE jobs (title TEXT)');
      for (let index = 0; index < 500; index++)
        database.prepare('INSERT INTO jobs VALUES (?)').run(`${index} ${'x'.repeat(200)}`);
    });
    expect((await rows('files')).counts.all).toBe(500);
    const file = await fileOf('files');
    const copy = join(jobato.folders.root, 'copy.db');
    copyFileSync(file, copy);
    const unreadable = async () => {
      const { body } = await jobato.api.get(path('files')).expect(problem(409, 'RESULT_UNREADABLE'));
      await jobato.api.get(path('files', {}, 'rows.csv')).expect(problem(409, 'RESULT_UNREADABLE'));
      const { detail } = body as { detail: string };
      expect(detail).not.toContain(jobato.folders.root);
      return detail;
    };
    chmodSync(file, 0o600);
    truncateSync(file, 10_000);
    expect(await unreadable()).toContain('damaged');
    writeFileSync(file, 'This is not a database.'.repeat(1000));
    expect(await unreadable()).toContain('damaged');
    rmSync(file);
    expect(await unreadable()).toContain('missing');
    renameSync(copy, file);
    expect((await rows('files')).items).toHaveLength(50);
  });

  it('answers a cursor of an earlier result with a clear error', async () => {
    const fill = (from: number) => (database: BetterSqlite3.Database, run: string) => {
      database.exec('CREATE TABLE jobs (id INTEGER, run TEXT)');
      for (let id = from; id < from + 10; id++)
        database.prepare('INSERT INTO jobs VALUES (?, ?)').run(id, run);
    };
    await publish('changing', fill(0));
    const first = await rows('changing', { limit: 3 });
    const run = await publish('changing', fill(100));
    const { body } = await jobato.api
      .get(path('changing', { limit: 3, cursor: first.nextCursor! }))
      .expect(problem(409, 'RESULT_CHANGED'));
    expect((body as { detail: string }).detail).toContain(`#${run.number}`);
    expect((await rows('changing', { limit: 3 })).items[0]).toMatchObject({ id: 100 });
    await jobato.api.put('/api/projects/changing/result').send({ runId: first.result.runId }).expect(200);
    expect((await rows('changing', { limit: 3, cursor: first.nextCursor! })).items[0]).toMatchObject({
      id: 3,
    });
  });

  it('serves many readers without an error while results are switched', async () => {
    const fill = (database: BetterSqlite3.Database, run: string) => {
      database.exec('CREATE TABLE jobs (id INTEGER, run TEXT)');
      for (let id = 0; id < 100; id++) database.prepare('INSERT INTO jobs VALUES (?, ?)').run(id, run);
    };
    await publish('changing', fill);
    let isOver = false;
    const seen = new Set<number>();
    const readers = Array.from({ length: 100 }, async () => {
      do {
        const response = await jobato.fetch(path('changing', { limit: 10 }));
        const text = await response.text();
        if (response.status !== 200) throw new Error(`${response.status} ${text}`);
        const { items, result } = JSON.parse(text) as RowPage;
        expect(new Set(items.map(({ run }) => run))).toEqual(new Set([result.runId]));
        seen.add(result.number);
      } while (!isOver);
    });
    const all = Promise.all(readers);
    for (let index = 0; index < 20; index++) {
      const { number } = await publish('changing', fill);
      await Promise.race([until(() => seen.has(number)), all]);
    }
    isOver = true;
    await all;
    expect(seen.size).toBeGreaterThanOrEqual(20);
  });

  it('is downloaded whole, also if its file is deleted in between', async () => {
    const fill = (text: string) => (database: BetterSqlite3.Database) => {
      database.exec('CREATE TABLE jobs (id INTEGER, text TEXT)');
      const add = database.prepare('INSERT INTO jobs VALUES (?, ?)');
      database.transaction(() => {
        for (let id = 0; id < 100_000; id++) add.run(id, text.repeat(300));
      })();
    };
    await publish('large', fill('a'));
    const file = await fileOf('large');
    const response = await jobato.fetch(path('large', {}, 'rows.csv'));
    const reader = response.body!.getReader();
    let text = Buffer.from((await reader.read()).value).toString();
    await publish('large', (database) => database.exec('CREATE TABLE jobs (id INTEGER, text TEXT)'));
    await jobato.app.get(ResultFiles).refresh('large');
    expect(await fileOf('large')).not.toBe(file);
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += Buffer.from(part.value).toString();
    const lines = text.split('\r\n');
    expect(lines).toHaveLength(100_002);
    expect(lines.at(-2)).toBe(`99999,${'a'.repeat(300)}`);
    // A client that leaves ends its download.
    await publish('large', fill('b'));
    for (let index = 0; index < 5; index++) {
      const leaving = new AbortController();
      await until(
        async () =>
          (await jobato.fetch(path('large', {}, 'rows.csv'), { signal: leaving.signal })).status === 200,
      );
      leaving.abort();
    }
  });
});

it('the process that reads results ends with a server that is killed, also within an endless query', async () => {
  const folders = makeFolders({ endless: tableProject('endless', { columns: ['x'] }) });
  const server = await ServerProcess.start(folders, { JOBATO_API_KEY: KEY });
  const publisher = {
    folders,
    trigger: server.trigger.bind(server),
    untilEnded: server.untilEnded.bind(server),
  };
  await publishTable(publisher, new HttpWorker(server), 'endless', (database) =>
    database.exec(`CREATE VIEW jobs AS ${ENDLESS} SELECT count(*) AS x FROM n`),
  );
  // On a busy machine, the time limit may end a query before it has used much processor time. Then the next one counts.
  const queries: Promise<void>[] = [];
  let isAsking = false;
  const ask = async () => {
    isAsking = true;
    await fetch(`${server.url}/api/projects/endless/results/rows`).catch(() => null);
    isAsking = false;
  };
  await until(() => {
    if (!isAsking) queries.push(ask());
    // The start of the program takes less.
    return readersOf(server.child.pid!).some(({ ticks }) => ticks > 50);
  });
  const readers = readersOf(server.child.pid!);
  await server.end('SIGKILL');
  await Promise.all(queries);
  await until(() => readers.every(({ pid }) => !isAlive(pid)));
  rmSync(folders.root, { recursive: true, force: true });
});

/** Returns the children of a server that read results, with the processor time that they used. */
function readersOf(parent: number): { pid: number; ticks: number }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      if (!/^\d+$/.test(name)) return [];
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const isReader = Number(fields[1]) === parent && stat.includes('(jobato-tables)');
      return isReader ? [{ pid: Number(name), ticks: Number(fields[11]) }] : [];
    } catch {
      return []; // it has ended
    }
  });
}
