import { normalBasePath, withoutBasePath } from '../config/base-path';
import type { Environment } from '../config/environment';
import { flawOfServerUrl } from '../config/server-url';
import type { ProjectListView, ProjectView } from '../projects/project-view';
import type { RunDetailView, RunView } from '../runs/run-view';
import type { RunPageView } from '../runs/run-page.view';
import type {
  PauseView,
  ProjectScheduleView,
  SchedulePageView,
  ScheduleView,
} from '../schedules/schedule.views';
import { networkReason, ServerUnreachable, usageFailure } from './failures';
import { adminToken } from './admin-token';
import { ServerRefusal } from './server-refusal';

export interface TriggerRequest {
  scope?: string;
  params?: Record<string, unknown>;
  triggeredBy?: string;
}

export interface RunFilter {
  project?: string;
  status?: string;
  /** A part of the id, in all projects or in `projectId`. */
  id?: string;
  projectId?: string;
  limit: number;
}

export interface ClientOptions {
  url: string;
  token: string | null;
  /** The time limit for a response to begin. */
  answerWithinMs?: number;
}

/** The time limit for a response to begin. It does not limit a stream that has begun. */
const ANSWER_WITHIN_MS = 30_000;

const ALL_SCHEDULES = '/api/schedules?limit=200';

/** The part of the REST API that the command line needs. */
export class JobatoClient {
  readonly url: string;
  private readonly token: string | null;
  private readonly answerWithinMs: number;

  constructor({ url, token, answerWithinMs = ANSWER_WITHIN_MS }: ClientOptions) {
    const flaw = flawOfServerUrl(url);
    if (flaw !== null) throw usageFailure(flaw);
    this.url = url.replace(/\/+$/, '');
    this.token = token;
    this.answerWithinMs = answerWithinMs;
  }

  static fromEnvironment(environment: Environment, answerWithinMs?: number): JobatoClient {
    return new JobatoClient({
      url: environment.JOBATO_URL?.trim() || 'http://127.0.0.1:3000',
      token: adminToken(environment),
      answerWithinMs,
    });
  }

  pageOf(runId: string): string {
    return `${this.url}/runs/${runId}`;
  }

  pageOfProject(projectId: string): string {
    return `${this.url}/projects/${projectId}`;
  }

  async hasProject(projectId: string): Promise<boolean> {
    try {
      await this.project(projectId);
      return true;
    } catch (error) {
      if (error instanceof ServerRefusal && error.problem?.errorCode === 'PROJECT_NOT_FOUND') return false;
      throw error;
    }
  }

  project(projectId: string): Promise<ProjectView> {
    return this.json('GET', projectPath(projectId));
  }

  async projects(): Promise<ProjectView[]> {
    return (await this.projectList()).items;
  }

  /** Returns projects, and the problems of project files. @param tag only projects with this tag */
  projectList(tag?: string): Promise<ProjectListView> {
    const query = tag === undefined ? '' : `?${new URLSearchParams({ tag }).toString()}`;
    return this.json('GET', `/api/projects${query}`);
  }

  trigger(projectId: string, request: TriggerRequest): Promise<RunView> {
    return this.json('POST', `${projectPath(projectId)}/runs`, request);
  }

  runs({ project, projectId, status, id, limit }: RunFilter): Promise<RunPageView> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (status !== undefined) query.set('status', status);
    if (id !== undefined) query.set('id', id);
    if (projectId !== undefined) query.set('projectId', projectId);
    // The path below the project makes a misspelt project an error, not an empty list.
    const path = project === undefined ? '/api/runs' : `/api/projects/${encodeURIComponent(project)}/runs`;
    return this.json('GET', `${path}?${query.toString()}`);
  }

  run(runId: string): Promise<RunDetailView> {
    return this.json('GET', runPath(runId));
  }

  /** @param ref number or id of the run */
  runOfProject(projectId: string, ref: string): Promise<RunView> {
    return this.json('GET', `${projectPath(projectId)}/runs/${encodeURIComponent(ref)}`);
  }

  /** Returns the active run of a project, else its latest. */
  currentRun(projectId: string): Promise<RunDetailView> {
    return this.json('GET', `${projectPath(projectId)}/runs/current`);
  }

  cancel(runId: string): Promise<RunView> {
    return this.json('DELETE', runPath(runId));
  }

  rerun(runId: string, request: Pick<TriggerRequest, 'scope' | 'params'>): Promise<RunView> {
    return this.json('POST', `${runPath(runId)}/rerun`, request);
  }

  askAgain(runId: string): Promise<RunView> {
    return this.json('POST', `${runPath(runId)}/ask-again`, {});
  }

  /** Returns the schedules of a project, or of all: the API returns them page by page. */
  async schedules(projectId?: string): Promise<{ items: ScheduleView[]; paused: PauseView | null }> {
    if (projectId !== undefined)
      return this.json<ProjectScheduleView>('GET', `${projectPath(projectId)}/schedule`);
    let page: SchedulePageView = await this.json('GET', ALL_SCHEDULES);
    const items = page.items;
    while (page.nextCursor !== null) {
      page = await this.json('GET', `${ALL_SCHEDULES}&cursor=${encodeURIComponent(page.nextCursor)}`);
      items.push(...page.items);
    }
    return { items, paused: page.paused };
  }

  pause(projectId: string | undefined, body: { reason?: string; until?: string }): Promise<PauseView> {
    return this.json('PUT', `${projectId === undefined ? '/api' : projectPath(projectId)}/pause`, body);
  }

  async resume(projectId: string | undefined): Promise<void> {
    await this.fetch('DELETE', `${projectId === undefined ? '/api' : projectPath(projectId)}/pause`, {});
  }

  /** @param href as returned by the server, with its base path */
  async artifact(href: string): Promise<string> {
    const path = withoutBasePath(href, normalBasePath(new URL(this.url).pathname));
    return (await this.fetch('GET', path, {})).text();
  }

  /** Yields an artifact as it arrives. @throws ServerUnreachable also if the connection breaks */
  async *artifactContent(runId: string, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const path = `${runPath(runId)}/artifacts/${encodeURIComponent(name)}`;
    const response = await this.fetch('GET', path, { signal });
    try {
      yield* bodyOf(response);
    } catch (error) {
      signal.throwIfAborted();
      throw new ServerUnreachable(this.url, networkReason(error));
    }
  }

  /** Returns the log up to now, as UTF-8 text. */
  async logText(runId: string): Promise<ReadableStream<Uint8Array>> {
    return bodyOf(await this.fetch('GET', `${runPath(runId)}/logs`, { headers: { Accept: 'text/plain' } }));
  }

  /** Returns server-sent events, starting with the line after `after`. */
  async logEvents(runId: string, after: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(after) };
    return bodyOf(await this.fetch('GET', `${runPath(runId)}/logs`, { headers, signal }));
  }

  /** Returns true if a server answers and accepts runs. */
  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/api/health/ready`, { signal: AbortSignal.timeout(2000) })).ok;
    } catch {
      return false;
    }
  }

  private async json<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.fetch(method, path, {
      headers: {
        Accept: 'application/json',
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.headers.get('content-type')?.startsWith('application/json')) {
      throw new ServerRefusal(response.status, null, this.url);
    }
    return (await response.json()) as Answer;
  }

  /** @throws ServerUnreachable, ServerRefusal */
  private async fetch(
    method: string,
    path: string,
    { headers, body, signal }: { headers?: Record<string, string>; body?: string; signal?: AbortSignal },
  ): Promise<Response> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), this.answerWithinMs);
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers: { ...headers, ...(this.token !== null && { Authorization: `Bearer ${this.token}` }) },
        body,
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, patience.signal]) : patience.signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new ServerUnreachable(
        this.url,
        patience.signal.aborted ? `no response within ${this.answerWithinMs / 1000} s` : networkReason(error),
      );
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) throw await ServerRefusal.from(response, this.url);
    return response;
  }
}

function projectPath(projectId: string): string {
  return `/api/projects/${encodeURIComponent(projectId)}`;
}

function runPath(runId: string): string {
  return `/api/runs/${encodeURIComponent(runId)}`;
}

function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  return body ?? new ReadableStream({ start: (controller) => controller.close() });
}
