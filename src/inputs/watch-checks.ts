import { Injectable } from '@nestjs/common';
import { PeriodicCheck } from '../config-files/periodic-check';
import type { ProjectDefinition } from '../projects/project';
import { type WatchedFiles, watchedFiles } from './watched-files';

type Watcher = Pick<ProjectDefinition, 'projectId' | 'watch'>;

/** A newer state is not read earlier than this, however many pages ask. */
const FRESH_MS = 2_000;
/** Checks of one project may use at most one part in this many of the time. */
const IDLE_SHARE = 20;
/** A state older than this is not returned. Pages ask more often, so they never wait. */
const STALE_MS = 30_000;

/** Reads the files that projects watch: at the start of a run, and at a bounded rate while pages or clients ask. */
@Injectable()
export class WatchChecks {
  private readonly projects = new Map<string, ProjectWatch>();

  /** Returns the fingerprint for a run that starts now; null if the project watches no files, or if it is unknown. */
  async ofNewRun(project: Watcher): Promise<string | null> {
    if (project.watch.length === 0) return null;
    const watch = this.watchOf(project);
    await watch.checks.now();
    return watch.state!.fingerprint;
  }

  /** Returns the present fingerprint; null if the project watches no files, or if it is unknown. */
  async current(project: Watcher): Promise<string | null> {
    if (project.watch.length === 0) return null;
    const watch = this.watchOf(project);
    const ageMs = watch.ageMs();
    const check = ageMs > Math.max(FRESH_MS, watch.tookMs * IDLE_SHARE) ? watch.checks.now() : null;
    if (ageMs > STALE_MS) await check;
    return watch.state!.fingerprint;
  }

  /** Returns a note if the watched files of the project cannot be compared. */
  notes({ projectId, watch }: Watcher): string[] {
    const reason = watch.length === 0 ? undefined : this.projects.get(projectId)?.state?.reason;
    return reason === undefined ? [] : [`The files in "watch" are not compared, because ${reason}.`];
  }

  private watchOf({ projectId, watch }: Watcher): ProjectWatch {
    const known = this.projects.get(projectId);
    if (known !== undefined && JSON.stringify(known.patterns) === JSON.stringify(watch)) return known;
    const added = new ProjectWatch(watch);
    this.projects.set(projectId, added);
    return added;
  }
}

class ProjectWatch {
  /** Null before the first check. */
  state: WatchedFiles | null = null;
  /** How long the last check took. */
  tookMs = 0;
  readonly checks = new PeriodicCheck(() => this.look());
  private readAtMs = -Infinity;

  constructor(readonly patterns: readonly string[]) {}

  ageMs(): number {
    return performance.now() - this.readAtMs;
  }

  private async look(): Promise<void> {
    const startedMs = performance.now();
    // Steps run in the same folder, unless they have a workingDir.
    this.state = await watchedFiles(process.cwd(), this.patterns);
    this.readAtMs = performance.now();
    this.tookMs = this.readAtMs - startedMs;
  }
}
