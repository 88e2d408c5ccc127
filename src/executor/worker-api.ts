import { createWriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { LogLineInput, RunEvent, RunEventOf } from '../events/run-event';
import type { AttemptKey, RejectedEvent, Standing } from './control-plane';
import { putFile } from './file-upload';
import { parseRetryAfterMs } from './upload-retries';

/** Timeout of a call, in milliseconds. */
const ANSWER_WITHIN_MS = 10_000;

export interface Claimed {
  request: RunEventOf<'run.requested'>;
  /** Proves that this worker holds the attempt. */
  leaseToken: string;
  /** Milliseconds since the run started, by the server's clock. */
  elapsedMs: number;
}

/** The server answered and refused the request. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    readonly errorCode: string,
    detail: string,
    /** Value of `Retry-After` in the answer; null without one. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${status} ${errorCode}: ${detail}`);
    this.name = 'ApiRefusal';
  }

  /** Another worker has the run, or it has ended, or it does not exist. */
  get isLost(): boolean {
    return ['LEASE_LOST', 'RUN_ALREADY_ENDED', 'RUN_NOT_FOUND'].includes(this.errorCode);
  }

  /** The server will always refuse the same request. */
  get isFinal(): boolean {
    return [400, 411, 413, 415, 422].includes(this.status);
  }
}

/** Client for the worker API of the server at JOBATO_URL, below /api/internal. Does not retry; callers do. */
export class WorkerApi {
  constructor(
    private readonly serverUrl: string,
    private readonly apiKey: string,
    readonly workerId: string,
  ) {}

  /**
   * Claims a run with steps.
   * @param claimId the same id requests the same answer again, if that one may be lost
   * @param projectIds null: of any project; empty: only the earlier answer to this claim
   * @returns null if there was no run within the time
   */
  async claim(
    claimId: string,
    projectIds: string[] | null,
    waitSeconds: number,
    signal?: AbortSignal,
  ): Promise<Claimed | null> {
    const { workerId } = this;
    const body = { workerId, claimId, executor: 'steps', waitSeconds, ...(projectIds && { projectIds }) };
    const late = AbortSignal.timeout(waitSeconds * 1000 + ANSWER_WITHIN_MS);
    const response = await this.post('/runs/claim', body, { signals: signal ? [signal, late] : [late] });
    if (response.status === 204) return null;
    const { leaseToken, ...request } = (await response.json()) as RunEventOf<'run.requested'> & {
      leaseToken: string;
    };
    const elapsedMs = Number(response.headers.get('x-jobato-elapsed-ms') ?? 0);
    return { request, leaseToken, elapsedMs };
  }

  async heartbeat(key: AttemptKey): Promise<Standing> {
    const { runId, attempt } = key;
    try {
      const body = { workerId: this.workerId, attempt };
      const response = await this.post(`/runs/${runId}/heartbeat`, body, { key });
      const { cancelRequested } = (await response.json()) as { cancelRequested: boolean };
      return { stillHeld: true, stopRequested: cancelRequested };
    } catch (error) {
      if (error instanceof ApiRefusal && error.isLost) return { stillHeld: false, stopRequested: false };
      throw error;
    }
  }

  /** Hands a run back. Does nothing if this worker no longer holds it. */
  async release(key: AttemptKey, reason: string): Promise<void> {
    const { runId, attempt } = key;
    try {
      await this.discard(await this.post(`/runs/${runId}/release`, { attempt, reason }, { key }));
    } catch (error) {
      if (!(error instanceof ApiRefusal && error.isLost)) throw error;
    }
  }

  async appendLog(key: AttemptKey, lines: LogLineInput[]): Promise<{ accepting: boolean }> {
    const { runId, attempt } = key;
    try {
      const body = { workerId: this.workerId, attempt, lines };
      const response = await this.post(`/runs/${runId}/logs`, body, { key });
      return (await response.json()) as { accepting: boolean };
    } catch (error) {
      if (error instanceof ApiRefusal && error.isLost) return { accepting: false };
      throw error;
    }
  }

  /** @returns the permanently rejected events */
  async publish({ leaseToken }: AttemptKey, events: RunEvent[]): Promise<RejectedEvent[]> {
    const envelopes = events.map((event) => ({ ...event, ...(leaseToken !== null && { leaseToken }) }));
    const response = await this.post('/events', envelopes);
    const { rejected } = (await response.json()) as { rejected: { index: number; reason: string }[] };
    return rejected.flatMap(({ index, reason }) => (events[index] ? [{ event: events[index], reason }] : []));
  }

  /** @param stop ends the upload at any point */
  async putArtifact(key: AttemptKey, name: string, file: FileHandle, stop: AbortSignal): Promise<void> {
    const url = new URL(this.addressOf(`/runs/${key.runId}/artifacts/${encodeURIComponent(name)}`));
    const headers = {
      ...this.headers,
      'content-type': 'application/octet-stream',
      'x-jobato-worker-id': this.workerId,
      'x-jobato-attempt': String(key.attempt),
      ...leaseHeader(key),
    };
    const answer = await putFile(url, file, headers, stop).catch((error: unknown) => {
      throw this.unreachable(error as Error);
    });
    if (answer.status < 200 || answer.status > 299) {
      throw refusalOf(answer.status, answer.headers['retry-after'], answer.text);
    }
  }

  /**
   * Downloads the live result that the run started with.
   * @returns false if it is no longer kept
   */
  async getCurrentResult(key: AttemptKey, path: string, stop: AbortSignal): Promise<boolean> {
    const headers = { 'x-jobato-worker-id': this.workerId, 'x-jobato-attempt': String(key.attempt) };
    try {
      const response = await this.call(`/runs/${key.runId}/current-result`, {
        method: 'GET',
        headers: { ...headers, ...leaseHeader(key) },
        signal: stop,
      });
      await pipeline(response.body!, createWriteStream(path), { signal: stop });
      return true;
    } catch (error) {
      if (error instanceof ApiRefusal && error.errorCode === 'RESULT_NOT_FOUND') return false;
      throw error;
    }
  }

  private post(
    path: string,
    body: object,
    {
      key,
      signals = [AbortSignal.timeout(ANSWER_WITHIN_MS)],
    }: { key?: AttemptKey; signals?: AbortSignal[] } = {},
  ): Promise<Response> {
    return this.call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && leaseHeader(key)) },
      body: JSON.stringify(body),
      signal: AbortSignal.any(signals),
    });
  }

  private async call(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(this.addressOf(path), {
        ...init,
        headers: { ...init.headers, ...this.headers },
        redirect: 'error',
      });
    } catch (error) {
      throw this.unreachable(error as Error);
    }
    if (response.ok) return response;
    const text = await response.text().catch(() => '');
    throw refusalOf(response.status, response.headers.get('retry-after'), text || response.statusText);
  }

  private addressOf(path: string): string {
    return `${this.serverUrl}/api/internal${path}`;
  }

  private get headers() {
    return { accept: 'application/json', 'x-jobato-api-key': this.apiKey };
  }

  /** Adds the cause, because "fetch failed" alone does not help. */
  private unreachable(error: Error): Error {
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    return new Error(
      `The server at ${this.serverUrl} is not reachable: ${cause?.code ?? cause?.message ?? message}`,
      { cause: error },
    );
  }

  /** Reads the body: otherwise the connection cannot be reused. */
  private async discard(response: Response): Promise<void> {
    await response.arrayBuffer();
  }
}

function leaseHeader({ leaseToken }: AttemptKey): Record<string, string> {
  return leaseToken === null ? {} : { 'x-jobato-lease': leaseToken };
}

/** @param body a problem document of Jobato, or anything that a proxy answers */
function refusalOf(status: number, retryAfter: string | null | undefined, body: string): ApiRefusal {
  const problem = problemIn(body);
  return new ApiRefusal(
    status,
    problem.errorCode ?? 'UNKNOWN',
    problem.detail ?? 'the response contains no reason',
    parseRetryAfterMs(retryAfter, Date.now()),
  );
}

function problemIn(body: string): { errorCode?: string; detail?: string } {
  try {
    return (JSON.parse(body) ?? {}) as { errorCode?: string; detail?: string };
  } catch {
    return {};
  }
}
