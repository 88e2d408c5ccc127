import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { InputFiles } from '../src/inputs/input-files';
import type { RunDetailView } from '../src/runs/run-view';
import { invalid, problem } from './support/expect-problem';
import { FormClient } from './support/form-client';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig } from './support/jobato';

const QUERIES = `# Words to look for
queries:
  - { id: rust, text: Rust engineer }   # the main one
  - id: 2026
    text: "graduates of 2026"
    enabled: false # until May
`;
const ALLOWLISTS = 'allowlists:\r\n  - domain: a.com\r\n  - domain: b.org\r\n';
const SEARCH = 'id: search\nexecutor: external\ninputs: queries-x-allowlists\n';
const NAMES = ['a/b', 'a b', '100%', '%2F', 'ä ö', '?x=1', '#1', '__proto__', 'a+b', "it's", '..x', '"q"'];

let folders: Folders;
let jobato: RunningApp;
beforeEach(() => {
  folders = makeFolders({ search: SEARCH, plain: nodeStep('plain', '') });
});
afterEach(async () => {
  await jobato.stop();
  chmodSync(folders.configDir, 0o755);
  rmSync(folders.root, { recursive: true, force: true });
});

const start = async (
  files: Record<string, string> = { 'queries.yaml': QUERIES, 'allowlists.yaml': ALLOWLISTS },
  environment: Record<string, string> = {},
) => {
  for (const [name, content] of Object.entries(files)) writeConfig(folders, name, content);
  jobato = await RunningApp.start(folders, environment);
};
const pathOf = (name: string) => join(folders.configDir, name);
const content = (name: string) => readFileSync(pathOf(name), 'utf8');
const patchQuery = (id: string, body: object = { enabled: false }) =>
  jobato.api.patch(`/api/queries/${encodeURIComponent(id)}`).send(body);
const patchDomain = (domain: string, body: object = { enabled: false }) =>
  jobato.api.patch(`/api/allowlists/${encodeURIComponent(domain)}`).send(body);

describe('the lists', () => {
  it('have all items in the order of their files', async () => {
    await start();
    await jobato.api.get('/api/queries').expect(200, {
      items: [
        { id: 'rust', text: 'Rust engineer', enabled: true },
        { id: '2026', text: 'graduates of 2026', enabled: false },
      ],
      problems: [],
    });
    await jobato.api.get('/api/allowlists').expect(200, {
      items: [
        { domain: 'a.com', enabled: true },
        { domain: 'b.org', enabled: true },
      ],
      problems: [],
    });
  });

  it('are empty without files, and have the problems of wrong ones', async () => {
    await start({ 'queries.yaml': 'queries:\n  - { id: a }\n' });
    await jobato.api.get('/api/allowlists').expect(200, { items: [], problems: [] });
    const reason = '"queries.0" must have "text"';
    await jobato.api
      .get('/api/queries')
      .expect(200, { items: [], problems: [{ file: 'queries.yaml', line: 2, reason }] });
  });

  it('have a file that was edited a moment ago', async () => {
    await start();
    writeConfig(folders, 'queries.yaml', 'queries: [{ id: go, text: Go }]');
    await jobato.api
      .get('/api/queries')
      .expect(200, { items: [{ id: 'go', text: 'Go', enabled: true }], problems: [] });
  });
});

describe('a switch', () => {
  it('changes one value in the file and returns the item', async () => {
    await start();
    await patchQuery('rust').expect(200, { id: 'rust', text: 'Rust engineer', enabled: false });
    await patchQuery('2026', { enabled: true }).expect(200);
    await patchDomain('b.org').expect(200, { domain: 'b.org', enabled: false });
    expect(content('queries.yaml')).toBe(
      QUERIES.replace('engineer }', 'engineer, enabled: false }').replace(': false #', ': true #'),
    );
    expect(content('allowlists.yaml')).toBe(`${ALLOWLISTS}    enabled: false\r\n`);
    expect(readdirSync(folders.configDir).sort()).toEqual(['allowlists.yaml', 'projects', 'queries.yaml']);
  });

  it('takes effect for the next run, and leaves those before', async () => {
    await start();
    const inputsOf = async (runId: string) =>
      ((await jobato.api.get(`/api/runs/${runId}`).expect(200)).body as RunDetailView).runInputs!.map(
        ({ searchQuery }) => searchQuery,
      );
    const { runId: first } = await jobato.trigger('search');
    await patchDomain('a.com').expect(200);
    // Without a wait: the server that wrote the file knows it at once.
    expect(jobato.app.get(InputFiles).count()).toEqual({ queries: 1, domains: 1, searches: 1 });
    await jobato.api.delete(`/api/runs/${first}`).expect(202);
    const { runId: second } = await jobato.trigger('search');
    expect(await inputsOf(first)).toEqual(['site:a.com Rust engineer', 'site:b.org Rust engineer']);
    expect(await inputsOf(second)).toEqual(['site:b.org Rust engineer']);
  });

  it('writes nothing if the item has that state', async () => {
    await start();
    chmodSync(pathOf('queries.yaml'), 0o444);
    await patchQuery('rust', { enabled: true }).expect(200, {
      id: 'rust',
      text: 'Rust engineer',
      enabled: true,
    });
    expect(content('queries.yaml')).toBe(QUERIES);
  });

  it('reaches ids with every kind of character', async () => {
    const items = NAMES.map((id) => ({ id, text: 'x' }));
    await start({ 'queries.yaml': JSON.stringify({ queries: items }) });
    for (const id of NAMES) await patchQuery(id).expect(200, { id, text: 'x', enabled: false });
    expect(JSON.parse(content('queries.yaml'))).toEqual({
      queries: items.map((item) => ({ ...item, enabled: false })),
    });
  });

  it('changes all items of a duplicate id', async () => {
    await start({ 'queries.yaml': 'queries:\n  - { id: a, text: x }\n  - { id: a, text: y }\n' });
    await patchQuery('a').expect(200, { id: 'a', text: 'x', enabled: false });
    const { body } = await jobato.api.get('/api/queries').expect(200);
    expect((body as { items: object[] }).items).toMatchObject([{ enabled: false }, { enabled: false }]);
  });

  it('keeps every one of many at the same moment', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `q${n}`);
    await start({
      'queries.yaml': `queries:\n${ids.map((id) => `  - { id: ${id}, text: ${id} } # ${id}\n`).join('')}`,
      'allowlists.yaml': ALLOWLISTS,
    });
    await Promise.all([...ids.map((id) => patchQuery(id).expect(200)), patchDomain('a.com').expect(200)]);
    expect(content('queries.yaml')).toBe(
      `queries:\n${ids.map((id) => `  - { id: ${id}, text: ${id}, enabled: false } # ${id}\n`).join('')}`,
    );
    expect(content('allowlists.yaml')).toContain('a.com\r\n    enabled: false');
  });

  it('keeps those of two servers with one folder', async () => {
    const ids = Array.from({ length: 10 }, (_, n) => `q${n}`);
    await start({ 'queries.yaml': `queries:\n${ids.map((id) => `  - { id: ${id}, text: x }\n`).join('')}` });
    const other = await RunningApp.start({ ...folders, dataDir: join(folders.root, 'other-data') });
    try {
      const urls = ids.map((id, n) => `${n % 2 ? other.url : jobato.url}/api/queries/${id}`);
      const answers = await Promise.all(
        urls.map((url) =>
          fetch(url, {
            method: 'PATCH',
            headers: { 'content-type': 'application/json' },
            body: '{"enabled":false}',
          }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
      expect(content('queries.yaml').match(/enabled: false/g)).toHaveLength(10);
    } finally {
      await other.stop();
    }
  });

  it('replaces the target of a link', async () => {
    await start();
    mkdirSync(join(folders.root, 'shared'));
    writeFileSync(join(folders.root, 'shared', 'q.yaml'), QUERIES);
    rmSync(pathOf('queries.yaml'));
    symlinkSync('../shared/q.yaml', pathOf('queries.yaml'));
    await patchQuery('rust').expect(200);
    expect(readFileSync(join(folders.root, 'shared', 'q.yaml'), 'utf8')).toContain(
      'engineer, enabled: false',
    );
    expect(spawnSync('readlink', [pathOf('queries.yaml')], { encoding: 'utf8' }).stdout).toBe(
      '../shared/q.yaml\n',
    );
  });
});

describe('a switch is refused, and changes nothing', () => {
  it('for another body', async () => {
    await start();
    await patchQuery('rust', {}).expect(invalid('enabled'));
    await patchQuery('rust', { enabled: 'false' }).expect(invalid('enabled'));
    await patchQuery('rust', { enabled: null }).expect(invalid('enabled'));
    await patchDomain('a.com', { enabled: false, domain: 'c.net' }).expect(invalid('domain'));
    expect(content('queries.yaml')).toBe(QUERIES);
    expect(content('allowlists.yaml')).toBe(ALLOWLISTS);
  });

  it('for an unknown item, and without a file', async () => {
    await start({ 'queries.yaml': QUERIES });
    await patchQuery('Rust').expect(
      problem(404, 'QUERY_NOT_FOUND', {
        detail: expect.stringMatching(/^Query "Rust" is not in .*queries\.yaml\.$/),
      }),
    );
    await patchDomain('a.com').expect(problem(404, 'DOMAIN_NOT_FOUND'));
    expect(existsSync(pathOf('allowlists.yaml'))).toBe(false);
  });

  it.each<[string, string, RegExp]>([
    ['a wrong key', `${QUERIES}  - { id: x, txt: y }\n`, /queries\.yaml, line 7: .*must have "text"/],
    ['half of it', 'queries:\n  - { id: rust, te', /queries\.yaml, line \d: /],
  ])('for a file that is invalid now: %s', async (_what, source, detail) => {
    await start();
    writeConfig(folders, 'queries.yaml', source);
    await patchQuery('rust').expect(
      problem(409, 'INPUT_FILE_INVALID', { detail: expect.stringMatching(detail) }),
    );
    expect(content('queries.yaml')).toBe(source);
  });

  it('for a folder in place of the file', async () => {
    await start();
    rmSync(pathOf('queries.yaml'));
    mkdirSync(pathOf('queries.yaml'));
    await patchQuery('rust').expect(
      problem(409, 'INPUT_FILE_INVALID', {
        detail: expect.stringContaining('illegal operation on a directory'),
      }),
    );
    expect(readdirSync(folders.configDir)).not.toContain('.queries.yaml.lock');
  });

  it('for an item that shares its values', async () => {
    const source = 'queries:\n  - &rust { id: rust, text: x }\n  - { <<: *rust, id: other }\n';
    await start({ 'queries.yaml': source });
    await patchQuery('rust').expect(
      problem(409, 'INPUT_SHARED', {
        detail: expect.stringMatching(/queries\.yaml, line 2, shares its values/),
      }),
    );
    await patchQuery('other').expect(200);
    expect(content('queries.yaml')).toBe(source.replace('id: other', 'id: other, enabled: false'));
  });

  it('while the disk is full, with the reason of the disk', async () => {
    await start();
    const files = jest.requireActual<typeof import('node:fs/promises')>('node:fs/promises');
    const handle = await files.open(pathOf('queries.yaml'));
    const kind = Object.getPrototypeOf(handle) as { sync: () => Promise<void> };
    await handle.close();
    const full = jest
      .spyOn(kind, 'sync')
      .mockRejectedValue(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    try {
      await patchQuery('rust').expect(problem(507, 'STORAGE_FULL'));
    } finally {
      full.mockRestore();
    }
    expect(content('queries.yaml')).toBe(QUERIES);
    expect(readdirSync(folders.configDir)).not.toContain('.queries.yaml.lock');
  });
});

describe('access', () => {
  const TOKEN = 'an-admin-token-of-some-length';
  const authorization = `Bearer ${TOKEN}`;

  it('needs the token, and no page of another site', async () => {
    await start(undefined, { JOBATO_ADMIN_TOKEN: TOKEN });
    await jobato.api.get('/api/queries').expect(problem(401, 'UNAUTHORIZED'));
    await patchQuery('rust').expect(problem(401, 'UNAUTHORIZED'));
    await patchDomain('a.com').set({ authorization: 'Bearer wrong' }).expect(problem(401, 'UNAUTHORIZED'));
    await patchQuery('rust')
      .set({ authorization, origin: 'https://evil.example' })
      .expect(problem(403, 'FORBIDDEN'));
    const form = await new FormClient(jobato.url).post('/queries/query', { name: 'rust', enabled: 'false' });
    expect([form.status, form.headers.location]).toEqual([303, expect.stringMatching(/^\/login/)]);
    expect(content('queries.yaml')).toBe(QUERIES);
    await patchQuery('rust').set({ authorization }).expect(200);
  });

  it('of the form needs its token', async () => {
    await start();
    const browser = new FormClient(jobato.url);
    const fields = { name: 'rust', enabled: 'false', row: 'query-0' };
    expect((await browser.post('/queries/query', fields)).status).toBe(403);
    expect(content('queries.yaml')).toBe(QUERIES);
    const done = await browser.submit('/queries/query', '/queries', fields);
    expect([done.status, done.headers.location]).toEqual([303, '/queries#query-0']);
    expect(content('queries.yaml')).toContain('engineer, enabled: false');
  });
});

it('the leftover of a server that was killed before the rename is no configuration, and is removed', async () => {
  const leftover = pathOf('.queries.yaml.lock');
  writeFileSync(leftover, 'queries: [{ id: half');
  const anHourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(leftover, anHourAgo, anHourAgo);
  await start();
  await jobato.api
    .get('/api/projects')
    .expect(200)
    .expect(({ body }) => expect(body).toMatchObject({ problems: [] }));
  await patchQuery('rust').expect(200);
  expect(readdirSync(folders.configDir).sort()).toEqual(['allowlists.yaml', 'projects', 'queries.yaml']);
});
