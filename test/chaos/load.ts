import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunView } from '../../src/runs/run-view';
import type { SeededRandom } from '../support/random';
import type { Answer, Api } from './api';
import { PROBE, PROJECTS } from './projects';
import type { AcceptedStops } from './accepted-stops';

const PROJECT_IDS = Object.keys(PROJECTS);
const CLIENTS = 2;
/** A dead or paused server is back within less time. */
const ANSWERED_WITHIN_MS = 90_000;

/** Clients that continuously trigger and stop runs, and record the server's promises. */
export class Load {
  /** Runs for which a client received 201. */
  readonly accepted = new Set<string>();
  readonly complaints: string[] = [];
  private readonly ending = new AbortController();
  private readonly underway = new Set<Promise<void>>();
  private newestId = '';
  private isOutOfOrder = false;
  private resumed = Promise.resolve();
  private onResume: (() => void) | null = null;

  constructor(
    private readonly api: Api,
    private readonly stops: AcceptedStops,
    private readonly random: SeededRandom,
  ) {}

  start(): void {
    for (let client = 0; client < CLIENTS; client++) void this.act();
  }

  /** Resolves when no request is in progress; none starts until `resume`. */
  async pause(): Promise<void> {
    this.resumed = new Promise((resolve) => (this.onResume = resolve));
    await Promise.all(this.underway);
  }

  resume(): void {
    this.onResume?.();
  }

  /** Triggers a run of each project without an active run. */
  async triggerAll(): Promise<void> {
    await Promise.all(PROJECT_IDS.map((projectId) => this.trigger(projectId)));
  }

  /** Triggers once, without a retry. @returns the response; null without one */
  async probe(): Promise<Answer<RunView> | null> {
    const { newestId } = this;
    const answer = await this.ask(PROBE, randomUUID());
    if (answer?.status === 201) this.accept(answer.body, newestId);
    return answer;
  }

  async end(): Promise<void> {
    this.ending.abort();
    this.resume();
    await Promise.all(this.underway);
  }

  private async act(): Promise<void> {
    for (;;) {
      await this.resumed;
      if (this.ending.signal.aborted) return;
      const once = this.actOnce().finally(() => this.underway.delete(once));
      this.underway.add(once);
      await once;
    }
  }

  private async actOnce(): Promise<void> {
    if (this.random.next() < 0.12) await this.stopOne();
    else await this.trigger(this.random.pick(PROJECT_IDS));
    await delay(this.random.integer(50, 350));
  }

  /** Sends an idempotency key: retries without a response start at most one run. */
  private async trigger(projectId: string): Promise<void> {
    const key = randomUUID();
    const { newestId } = this;
    const deadline = Date.now() + ANSWERED_WITHIN_MS;
    while (!this.ending.signal.aborted) {
      const answer = await this.ask(projectId, key);
      if (answer?.status === 201) return this.accept(answer.body, newestId);
      if (answer?.status === 409) return;
      if (answer && answer.status !== 503 && answer.status !== 507) {
        this.complaints.push(`A trigger was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
        return;
      }
      if (Date.now() > deadline) {
        this.complaints.push(`No trigger was answered for ${ANSWERED_WITHIN_MS / 1000} s.`);
        return;
      }
      await delay(300);
    }
  }

  private ask(projectId: string, key: string): Promise<Answer<RunView> | null> {
    return this.api.call<RunView>(`/api/projects/${projectId}/runs`, {
      method: 'POST',
      body: {},
      headers: { 'idempotency-key': key },
    });
  }

  /** @param newestId highest accepted id when this run was first requested */
  private accept({ runId }: RunView, newestId: string): void {
    if (runId <= newestId && !this.isOutOfOrder) {
      this.isOutOfOrder = true;
      this.complaints.push(`The newer run ${runId} sorts below the older ${newestId}.`);
    }
    this.accepted.add(runId);
    if (runId > this.newestId) this.newestId = runId;
  }

  private async stopOne(): Promise<void> {
    const running = await this.api.call<{ items: RunView[] }>('/api/runs?status=running&limit=50');
    if (running?.status !== 200 || running.body.items.length === 0) return;
    const { runId } = this.random.pick(running.body.items);
    const answer = await this.api.call(`/api/runs/${runId}`, { method: 'DELETE' });
    if (answer?.status === 202) this.stops.add(runId);
    if (answer && ![202, 409, 503, 507].includes(answer.status))
      this.complaints.push(`A stop was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}
