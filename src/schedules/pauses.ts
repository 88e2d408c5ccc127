import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { invalid } from '../http/catalogue';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { ALL_PROJECTS, isInForce, type Pause, pauseAt } from './pause';
import { PauseRepository } from './pause.repository';

/** Pauses of schedules: of one project, or of all. Manual runs still start. */
@Injectable()
export class Pauses implements OnModuleInit {
  private known: readonly Pause[] = [];

  constructor(
    private readonly repository: PauseRepository,
    private readonly projects: ProjectCatalogue,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.known = await this.repository.all();
  }

  /** Returns all stored pauses. Some may have ended, and matter for due times before their end. */
  get all(): readonly Pause[] {
    return this.known;
  }

  /** Returns the pauses in force: that of all projects first. */
  inForce(): Pause[] {
    const now = this.clock.now();
    return this.known.filter((pause) => isInForce(pause, now));
  }

  /** Returns the pause that is in force for a project; null if there is none. */
  ofProject(projectId: string): Pause | null {
    return pauseAt(this.known, projectId, this.clock.now());
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
    const before = this.known.find((pause) => pause.scope === scope && isInForce(pause, now));
    const pause: Pause = { scope, pausedAt: before?.pausedAt ?? now, pausedBy, reason, until };
    await this.store(pause);
    return pause;
  }

  /**
   * Ends a pause. Starts no run: due times during the pause stay skipped.
   * @throws JobatoError PROJECT_NOT_FOUND, unless a removed project is paused; STORAGE_FULL, STORAGE_UNAVAILABLE
   */
  async resume(projectId: string | null): Promise<void> {
    const now = this.clock.now();
    const paused = this.known.find((pause) => pause.scope === (projectId ?? ALL_PROJECTS));
    if (paused === undefined) this.scopeOf(projectId);
    else if (isInForce(paused, now)) await this.store({ ...paused, until: now });
  }

  /** Forgets pauses that ended before an instant. */
  async forgetEnded(before: Instant): Promise<void> {
    const kept = this.known.filter(({ until }) => until === null || until >= before);
    if (kept.length === this.known.length) return;
    await this.repository.removeEnded(before);
    this.known = kept;
  }

  private async store(pause: Pause): Promise<void> {
    await this.repository.store(pause);
    this.known = [...this.known.filter(({ scope }) => scope !== pause.scope), pause].sort(byScope);
  }

  private scopeOf(projectId: string | null): string {
    return projectId === null ? ALL_PROJECTS : this.projects.get(projectId).definition.projectId;
  }
}

function byScope(one: Pause, other: Pause): number {
  return one.scope < other.scope ? -1 : 1;
}
