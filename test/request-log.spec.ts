import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { HAS_REQUEST_CONTEXT } from '../src/logging/logging';
import { eventually } from './support/crash';
import { type Folders, makeFolders, nodeStep, ServerProcess } from './support/jobato';

const TOKEN = 'a-token-of-a-fair-length-0123456789';
const PROJECTS = 20;

interface LogLine {
  level: string;
  time: string;
  context?: string;
  msg: string;
  runId?: string;
  requestId?: string;
  req?: { id: string; method: string; url: string };
  res?: { statusCode: number };
  responseTime?: number;
}

describe('server log', () => {
  let folders: Folders;
  let server: ServerProcess;
  beforeAll(async () => {
    const external = Array.from({ length: PROJECTS }, (_, n) => [
      `external-${n}`,
      `id: external-${n}\nexecutor: external\n`,
    ]);
    folders = makeFolders({ ...Object.fromEntries(external), short: nodeStep('short', '0') });
    server = await ServerProcess.start(folders, { JOBATO_ADMIN_TOKEN: TOKEN });
  });
  afterAll(async () => {
    await server.end('SIGKILL');
    rmSync(folders.root, { recursive: true, force: true });
  });

  const lines = () => server.output.map((line) => JSON.parse(line) as LogLine);
  const call = (method: string, path: string, requestId: string, body?: string) =>
    fetch(`${server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'x-request-id': requestId,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body,
    });
  async function untilLogged(isWanted: (line: LogLine) => boolean): Promise<LogLine> {
    await eventually('a line in the log', () => lines().some(isWanted));
    return lines().find(isWanted)!;
  }

  it('writes one JSON object per line, with the time in UTC and the level as text', () => {
    for (const line of lines()) {
      expect(line).toMatchObject({
        level: expect.stringMatching(/^(info|warn|error)$/),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        context: expect.stringMatching(/\w/),
        msg: expect.stringMatching(/\w/),
      });
      expect(Object.keys(line)).not.toContain('pid');
    }
    expect(lines().map(({ context }) => context)).not.toContain('RouterExplorer');
  });

  const where = HAS_REQUEST_CONTEXT ? 'service and request' : 'request';
  it(`has the request ID in the ${where} lines of a request, also when commits are shared`, async () => {
    const sent = await Promise.all(
      Array.from({ length: PROJECTS }, async (_, n) => {
        const id = randomUUID();
        const response = await call('POST', `/api/projects/external-${n}/runs`, id, '{}');
        return {
          id,
          url: `/api/projects/external-${n}/runs`,
          runId: ((await response.json()) as { runId: string }).runId,
        };
      }),
    );
    for (const { id, url, runId } of sent) {
      const ofService = await untilLogged((line) => line.runId === runId && line.context === 'Runs');
      expect(ofService.msg).toContain('Run started');
      expect(ofService.req).toEqual(HAS_REQUEST_CONTEXT ? { id, method: 'POST', url } : undefined);
      const ofRequest = await untilLogged((line) => line.runId === runId && line.res !== undefined);
      expect(ofRequest).toEqual({
        level: 'info',
        time: expect.any(String),
        req: { id, method: 'POST', url },
        res: { statusCode: 201 },
        responseTime: expect.any(Number),
        runId,
        msg: 'request completed',
      });
    }
  });

  it('has no request in the lines of background work, such as the end of a run', async () => {
    const id = randomUUID();
    const { runId } = (await (await call('POST', '/api/projects/short/runs', id, '{}')).json()) as {
      runId: string;
    };
    const end = await untilLogged((line) => line.runId === runId && line.msg.startsWith('Run completed'));
    expect(end.req).toBeUndefined();
  });

  it('has the request ID in the line about an unexpected error', async () => {
    const database = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'));
    database.exec('ALTER TABLE runs RENAME TO runs_elsewhere');
    const id = randomUUID();
    try {
      expect((await call('GET', '/api/runs', id)).status).toBe(500);
    } finally {
      database.exec('ALTER TABLE runs_elsewhere RENAME TO runs');
      database.close();
    }
    const line = await untilLogged(
      ({ context, requestId }) => context === 'ProblemFilter' && requestId === id,
    );
    expect(line).toMatchObject({ level: 'error', msg: expect.stringMatching(/no such table.*\n\s+at /s) });
  });

  it('omits successful reads, and never contains headers, tokens or cookies', async () => {
    const [read, refused] = [randomUUID(), randomUUID()];
    expect((await call('GET', '/api/runs', read)).status).toBe(200);
    await fetch(`${server.url}/api/runs`, {
      headers: {
        authorization: 'Bearer wrong-secret',
        cookie: 'jobato_session=secret-cookie',
        'x-request-id': refused,
      },
    });
    expect(await untilLogged(({ req }) => req?.id === refused)).toMatchObject({ res: { statusCode: 401 } });
    expect(lines().some(({ req }) => req?.id === read)).toBe(false);
    const text = server.output.join('\n');
    for (const secret of [TOKEN, 'wrong-secret', 'secret-cookie', 'authorization', 'headers']) {
      expect(text).not.toContain(secret);
    }
  });
});
