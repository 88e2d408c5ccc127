import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { ArtifactFiles } from '../artifacts/artifact-files';
import { HeldRuns } from './held-runs';
import { HttpControlPlane } from './http-control-plane';
import type { RetryLimits } from './upload-retries';
import { WorkerApi } from './worker-api';

const ATTEMPT = { runId: '019ca9d6-8580-7000-8000-000000000001', attempt: 1, leaseToken: null };
const ARTIFACT = { name: 'report.html', size: 7 };
const LIMITS: RetryLimits = { firstDelayMs: 1, maxDelayMs: 4, maxRefusals: 5, withinMs: 20_000 };
const NEVER = new AbortController().signal;

describe('HttpControlPlane.storeArtifact', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-upload-'));
  let server: Server;
  let uploads: string[] = [];
  let answer: (response: ServerResponse, request: IncomingMessage) => void;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run', ARTIFACT.name), 'content');
    writeFileSync(join(folder, 'run', 'empty'), '');
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        uploads.push(body);
        answer(response, request);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => (uploads = []));
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    rmSync(folder, { recursive: true });
  });

  const control = (limits: Partial<RetryLimits> = {}, url?: string) => {
    const { port } = server.address() as { port: number };
    return new HttpControlPlane(
      new WorkerApi(url ?? `http://127.0.0.1:${port}`, 'key', 'worker-1'),
      new HeldRuns(folder),
      {
        folderOf: () => join(folder, 'run'),
        openFile: async (_runId: string, name: string) => ({ file: await open(join(folder, 'run', name)) }),
      } as unknown as ArtifactFiles,
      { ...LIMITS, ...limits },
    );
  };
  const status =
    (code: number, headers: Record<string, string> = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(code, headers).end();

  it('uploads the whole file with its length', async () => {
    let length: string | undefined;
    answer = (response, { headers }) => {
      length = headers['content-length'];
      status(201)(response);
    };
    await control().storeArtifact(ATTEMPT, ARTIFACT, NEVER);
    expect([uploads, length]).toEqual([['content'], '7']);
    await control().storeArtifact(ATTEMPT, { name: 'empty', size: 0 }, NEVER);
    expect(length).toBe('0');
  });

  it('retries with the whole file until the server accepts it', async () => {
    answer = (response) => status([408, 503, 429, 500, 201][uploads.length - 1]!)(response);
    await control().storeArtifact(ATTEMPT, ARTIFACT, NEVER);
    expect(uploads).toEqual(Array(5).fill('content'));
  });

  it('fails after the maximum number of refusals', async () => {
    answer = status(408);
    await expect(control().storeArtifact(ATTEMPT, ARTIFACT, NEVER)).rejects.toThrow(
      /^uploading "report\.html" failed after 5 tries: 408 /,
    );
    expect(uploads).toHaveLength(5);
  });

  it.each([400, 401, 409, 413, 302])('fails immediately on a final response: %s', async (code) => {
    answer = status(code, { location: '/elsewhere' });
    await expect(control().storeArtifact(ATTEMPT, ARTIFACT, NEVER)).rejects.toThrow(
      new RegExp(`^uploading "report\\.html" failed: ${code} `),
    );
    expect(uploads).toHaveLength(1);
  });

  it('fails if Retry-After exceeds the time limit', async () => {
    answer = status(429, { 'retry-after': '30' });
    await expect(control().storeArtifact(ATTEMPT, ARTIFACT, NEVER)).rejects.toThrow(/: 429 /);
    expect(uploads).toHaveLength(1);
  });

  it('fails when the time limit has passed, whether or not the server responds', async () => {
    await expect(
      control({ withinMs: 50 }, 'http://127.0.0.1:1').storeArtifact(ATTEMPT, ARTIFACT, NEVER),
    ).rejects.toThrow(/tries: The server at .* is not reachable: .*ECONNREFUSED/);
    answer = () => undefined;
    await expect(control({ withinMs: 50 }).storeArtifact(ATTEMPT, ARTIFACT, NEVER)).rejects.toThrow(
      /^uploading .* failed/,
    );
  });

  it('does not retry after the run is stopped', async () => {
    const stop = new AbortController();
    answer = (response) => {
      stop.abort();
      status(503)(response);
    };
    await expect(control().storeArtifact(ATTEMPT, ARTIFACT, stop.signal)).rejects.toThrow(
      /before the run was stopped/,
    );
    expect(uploads).toHaveLength(1);
  });
});
