import type { RunView } from '../../src/runs/run-view';

export const KEY = 'key-of-the-workers-in-chaos';
const ANSWER_WITHIN_MS = 6000;
/** Statuses that the server may return while it stops, or while its storage or stream is unavailable. */
const OUTAGE_ANSWERS = [503, 507];

export interface Answer<Body> {
  status: number;
  body: Body;
}

interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Makes all calls of the test, so that every unexpected server error is recorded. */
export class Api {
  /** Server errors that no outage explains. */
  readonly failures: string[] = [];
  private readonly failed = new Set<string>();

  constructor(readonly url: string) {}

  /** Returns null without a response: the server was dead or paused, or died before responding. */
  async call<Body>(
    path: string,
    { method = 'GET', body, headers = {} }: Call = {},
  ): Promise<Answer<Body> | null> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers: {
          ...headers,
          'x-jobato-api-key': KEY,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      text = await response.text();
    } catch {
      return null;
    }
    const { status } = response;
    if (status >= 500 && !OUTAGE_ANSWERS.includes(status))
      this.noteFailure(`${method} ${path}`, status, text);
    return { status, body: (text === '' ? null : JSON.parse(text)) as Body };
  }

  /** Records each kind of call once. */
  private noteFailure(call: string, status: number, text: string): void {
    const kind = `${call.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{runId}').replace(/(projects)\/[^/]+/, '$1/{id}')} ${status}`;
    if (this.failed.has(kind)) return;
    this.failed.add(kind);
    this.failures.push(`${call} was answered ${status}: ${text.slice(0, 300)}`);
  }

  async findRun(runId: string): Promise<RunView | null> {
    const answer = await this.call<RunView>(`/api/runs/${runId}`);
    return answer?.status === 200 ? answer.body : null;
  }
}
