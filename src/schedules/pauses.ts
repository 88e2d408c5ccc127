import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { invalid } from '../http/problem-catalogue';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { isReadableName } from '../schemas/readable-name';
import { ALL_PROJECTS, concerns, isInForce, type Pause } from './pause';
import { PauseRepository } from './pause.repository';

/** Milliseconds for which an ended pause still explains due times that have no record yet. */
const REMEMBER_MS = 60_000;

/** Pauses of schedules: of one project, or of all. Manual runs still start. */
@Injectable()
export class Pauses implements OnModuleInit {
  /** One for each scope. Those with an end stay until the next pause, because the clock may be set back. */
  private stored: readonly Pause[] = [];
  private resumed: { pause: Pause; atMonotonicMs: number }[] = [];

  constructor(
    private readonly repository: PauseRepository,
    private readonly projects: ProjectCatalogue,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.stored = await this.repository.all();
  }

  /** Returns the pauses that explain due times up to now, also those that have just ended. */
  explaining(projectId: string): Pause[] {
    const rememberedSince = this.clock.monotonicMs() - REMEMBER_MS;
    this.resumed = this.resumed.filter(({ atMonotonicMs }) => atMonotonicMs > rememberedSince);
    const ended = this.resumed.map(({ pause }) => pause);
    return [...this.stored, ...ended].filter((pause) => concerns(pause, projectId));
  }

  /** Returns the pauses in force: that of all projects first. */
  inForce(): Pause[] {
    const now = this.clock.now();
    return this.stored.filter((pause) => isInForce(pause, now));
  }

  /** Returns the pause that is in force for a project; null if there is none. */
  ofProject(projectId: string): Pause | null {
    return this.inForce().find((pause) => concerns(pause, projectId)) ?? null;
  }

  /**
   * Pauses the schedules of a project, or of all if `projectId` is null. A pause in force keeps its beginning.
   * @throws JobatoError PROJECT_NOT_FOUND, VALIDATION, STORAGE_FULL, STORAGE_UNAVAILABLE
   */
  async pause(
    projectId: string | null,
    { reason = null, until = null }: { reason?: string | null; until?: Instant | null },
    pausedBy: string,
  ): Promise<Pause> {
    const scope = this.scopeOf(projectId);
    const now = this.clock.now();
    if (until !== null && until <= now) throw invalid([{ field: 'until', message: 'must be in the future' }]);
    if (reason !== null && !isReadableName(reason))
      throw invalid([{ field: 'reason', message: 'must have no control or formatting characters' }]);
    const before = this.stored.find((pause) => pause.scope === scope && isInForce(pause, now));
    const pause: Pause = { scope, pausedAt: before?.pausedAt ?? now, pausedBy, reason, until };
    await this.store(pause);
    return pause;
  }

  /**
   * Ends a pause. Starts no run: due times during the pause stay skipped.
   * @throws JobatoError PROJECT_NOT_FOUND, unless a removed project is paused; STORAGE_FULL, STORAGE_UNAVAILABLE
   */
  async resume(projectId: string | null): Promise<void> {
    const paused = this.stored.find(({ scope }) => scope === (projectId ?? ALL_PROJECTS));
    if (projectId === ALL_PROJECTS || paused === undefined) this.scopeOf(projectId);
    if (paused === undefined) return;
    await this.repository.remove(paused.scope);
    const pause = { ...paused, until: this.clock.now() };
    this.stored = this.stored.filter(({ scope }) => scope !== paused.scope);
    this.resumed.push({ pause, atMonotonicMs: this.clock.monotonicMs() });
  }

  /** After the clock was set back, pauses begin at the present time at the latest. */
  async followClock(now: Instant): Promise<void> {
    for (const pause of this.stored.filter(({ pausedAt }) => pausedAt > now)) {
      await this.store({ ...pause, pausedAt: now });
    }
  }

  private async store(pause: Pause): Promise<void> {
    await this.repository.store(pause);
    this.stored = [...this.stored.filter(({ scope }) => scope !== pause.scope), pause].sort(byScope);
  }

  private scopeOf(projectId: string | null): string {
    return projectId === null ? ALL_PROJECTS : this.projects.get(projectId).definition.projectId;
  }
}

function byScope(one: Pause, other: Pause): number {
  return one.scope < other.scope ? -1 : 1;
}
