import type { RunView } from '../../src/runs/run-view';
import { KEY } from './installation';

const ANSWER_WITHIN_MS = 6000;

export interface Answer<Body> {
  status: number;
  body: Body;
}

/** Null where there was no answer: the server was dead, or stood still, or died over it. */
export async function call<Body>(
  url: string,
  path: string,
  {
    method = 'GET',
    body,
    headers = {},
  }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<Body> | null> {
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...headers,
        'x-jobato-api-key': KEY,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return { status: response.status, body: (await response.json()) as Body };
  } catch {
    return null;
  }
}

export async function findRun(url: string, runId: string): Promise<RunView | null> {
  const answer = await call<RunView>(url, `/api/runs/${runId}`);
  return answer?.status === 200 ? answer.body : null;
}
