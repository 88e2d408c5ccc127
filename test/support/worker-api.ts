import { randomUUID } from 'node:crypto';
import supertest, { type Test } from 'supertest';
import type { HttpEnvelope } from '../../src/workers/http/http-envelope';
import { RunRepository } from '../../src/runs/run.repository';
import { RunsService } from '../../src/runs/runs.service';
import type { RunningApp } from './jobato';

export const KEY = 'key-of-the-workers-0123456789';

/** Returns a project for external workers. */
export const externalProject = (id: string, more = '') => `id: ${id}\nexecutor: external\n${more}`;

/** The response to a claim. */
export type ClaimedEnvelope = HttpEnvelope & { leaseToken: string };

/**
 * Makes the calls of a worker that uses only HTTP, with the lease tokens of its claimed runs. Returns requests of
 * supertest, which are sent when awaited; claims and streams use fetch, because specs wait for them in the background
 * or abort them.
 */
export class HttpWorker {
  /** The token of the latest claim, by run. */
  private readonly tokens = new Map<string, string>();

  constructor(
    private readonly jobato: Pick<RunningApp, 'url'>,
    readonly workerId = `worker-${randomUUID().slice(0, 8)}`,
  ) {}

  /** Calls the server with the worker key. */
  get api() {
    return supertest.agent(this.jobato.url).set('x-jobato-api-key', KEY);
  }

  post(path: string, body: unknown): Test {
    return this.api.post(`/api/internal/${path}`).type('json').send(JSON.stringify(body));
  }

  claim(more: object = {}, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.jobato.url}/api/internal/runs/claim`, {
      method: 'POST',
      headers: { 'x-jobato-api-key': KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ workerId: this.workerId, ...more }),
      ...init,
    });
  }

  /** Claims a run. Throws if there is none. */
  async claimed(more: object = {}): Promise<ClaimedEnvelope> {
    const response = await this.claim(more);
    if (response.status !== 200) throw new Error(`No run: ${response.status} ${await response.text()}`);
    const envelope = (await response.json()) as ClaimedEnvelope;
    this.tokens.set(envelope.runId, envelope.leaseToken);
    return envelope;
  }

  heartbeat(runId: string, attempt = 1): Test {
    return this.aboutRun(runId, 'heartbeat', { workerId: this.workerId, attempt });
  }

  release(runId: string, attempt = 1, more: object = {}): Test {
    return this.aboutRun(runId, 'release', { workerId: this.workerId, attempt, ...more });
  }

  log(runId: string, lines: object[], more: object = {}): Test {
    return this.aboutRun(runId, 'logs', { lines, ...more });
  }

  upload(runId: string, name: string, body: string | Buffer): Test {
    return this.api
      .put(artifactPath(runId, name))
      .type('application/octet-stream')
      .set(this.leaseHeader(runId))
      .send(body);
  }

  /** Uploads an artifact without Content-Length while the test produces it. */
  stream(runId: string, name: string, body: ReadableStream): Promise<Response> {
    return fetch(`${this.jobato.url}${artifactPath(runId, name)}`, {
      method: 'PUT',
      headers: { 'x-jobato-api-key': KEY, ...this.leaseHeader(runId) },
      body,
      duplex: 'half',
    });
  }

  /** Returns the header with the lease token of a run; empty without a claim. */
  leaseHeader(runId: string): Record<string, string> {
    const token = this.tokens.get(runId.toLowerCase());
    return token === undefined ? {} : { 'x-jobato-lease': token };
  }

  private aboutRun(runId: string, call: string, body: object): Test {
    return this.post(`runs/${runId}/${call}`, body).set(this.leaseHeader(runId));
  }

  private proven(event: unknown): unknown {
    const token = this.tokens.get((event as { runId?: string } | null)?.runId ?? '');
    return token === undefined ? event : { leaseToken: token, ...(event as object) };
  }

  /** Sends events with their lease tokens. @returns the result of each, as the server reported it */
  async say(...given: unknown[]): Promise<{ accepted: number; duplicates: number; rejected: object[] }> {
    const events = given.map((event) => this.proven(event));
    const { body } = await this.post('events', events.length === 1 ? events[0] : events).expect(202);
    return body as { accepted: number; duplicates: number; rejected: object[] };
  }
}

function artifactPath(runId: string, name: string): string {
  return `/api/internal/runs/${runId}/artifacts/${encodeURIComponent(name)}`;
}

/** Ends all active runs, held or not, so that the next test cannot claim one of them. */
export async function endAllRuns(jobato: RunningApp): Promise<void> {
  const store = jobato.app.get(RunsService);
  const command = { type: 'complete' as const, occurredAt: new Date().toISOString(), payload: {} };
  for (const { runId } of await jobato.app.get(RunRepository).allActive())
    await store.command(runId, command);
}

export function anEvent(
  runId: string,
  eventType: string,
  payload: object = {},
  more: Partial<Record<keyof HttpEnvelope, unknown>> = {},
): Record<string, unknown> {
  const occurredAt = new Date().toISOString();
  return { eventId: randomUUID(), eventType, eventVersion: 1, occurredAt, runId, payload, ...more };
}
