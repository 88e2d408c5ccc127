import { randomUUID } from 'node:crypto';
import type { HttpEnvelope } from '../../src/workers-api/http-envelope';
import type { RunningApp } from './jobato';

export const KEY = 'key-of-the-workers-0123456789';

/** A project that a worker elsewhere carries out. */
export const externalProject = (id: string, more = '') => `id: ${id}\nexecutor: external\n${more}`;

/** Calls as a worker makes that has nothing but HTTP. */
export class HttpWorker {
  constructor(
    private readonly jobato: RunningApp,
    readonly workerId = `worker-${randomUUID().slice(0, 8)}`,
  ) {}

  post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    return this.jobato.fetch(`/api/internal/${path}`, {
      method: 'POST',
      headers: { 'x-jobato-api-key': KEY, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...init,
    });
  }

  claim(more: object = {}, init: RequestInit = {}): Promise<Response> {
    return this.post('runs/claim', { workerId: this.workerId, ...more }, init);
  }

  /** Fails the test where there is no run. */
  async claimed(more: object = {}): Promise<HttpEnvelope> {
    const response = await this.claim(more);
    if (response.status !== 200) throw new Error(`No run: ${response.status} ${await response.text()}`);
    return response.json() as Promise<HttpEnvelope>;
  }

  heartbeat(runId: string, attempt = 1): Promise<Response> {
    return this.post(`runs/${runId}/heartbeat`, { workerId: this.workerId, attempt });
  }

  release(runId: string, attempt = 1, more: object = {}): Promise<Response> {
    return this.post(`runs/${runId}/release`, { workerId: this.workerId, attempt, ...more });
  }

  log(runId: string, lines: object[], more: object = {}): Promise<Response> {
    return this.post(`runs/${runId}/logs`, { lines, ...more });
  }

  upload(
    runId: string,
    name: string,
    body: RequestInit['body'],
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.jobato.fetch(`/api/internal/runs/${runId}/artifacts/${encodeURIComponent(name)}`, {
      method: 'PUT',
      headers: { 'x-jobato-api-key': KEY, ...headers },
      body,
      duplex: 'half',
    });
  }

  /** @returns what became of the events, as it was answered */
  async say(...events: unknown[]): Promise<{ accepted: number; duplicates: number; rejected: object[] }> {
    const response = await this.post('events', events.length === 1 ? events[0] : events);
    const answer = (await response.json()) as { accepted: number; duplicates: number; rejected: object[] };
    if (response.status !== 202) throw new Error(`Not taken: ${JSON.stringify(answer)}`);
    return answer;
  }
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
