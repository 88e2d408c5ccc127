import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunView } from '../../src/runs/run-view';
import type { Answer } from './api';
import { DatabaseLock } from './database-lock';
import type { Installation } from './installation';
import type { Load } from './load';
import type { Outage, OutageKind } from './plan';
import type { SmallDisk } from './small-disk';

const TWO_HOURS_MS = 2 * 3_600_000;
const ASK_EVERY_MS = 100;
/** An outage lasts until the server has shown its effect, but at most this long. */
const SHOWS_WITHIN_MS = 15_000;
/** The server may check its database file periodically instead of before each write. */
const NOTICES_WITHIN_MS = 10_000;

/** Causes outages below the processes, and checks the server's responses during them. */
export class Outages {
  /** Skipped outages, with the reason. */
  readonly skipped = new Map<OutageKind, string>();
  /** Counts of the responses to triggers during an outage, by status. */
  readonly answers = new Map<OutageKind, Map<number | 'none', number>>();

  constructor(
    private readonly installation: Installation,
    private readonly load: Load,
    private readonly find: (what: string) => void,
  ) {
    if (typeof installation.disk === 'string') this.skipped.set('full-disk', installation.disk);
  }

  /** Runs all outages, each in its own phase. */
  async inTurn(outages: Outage[], until: AbortSignal): Promise<void> {
    const { chronicle } = this.installation;
    for (const outage of outages) {
      if (until.aborted) return;
      chronicle.begin(outage.kind);
      await this.make(outage, true);
      chronicle.begin('rest');
      await this.installation.untilUp();
    }
  }

  /** Runs each outage at its time, while processes are killed. */
  async amongStrokes(outages: (Outage & { atMs: number })[], until: AbortSignal): Promise<void> {
    const startMs = Date.now();
    for (const outage of outages) {
      const leftMs = startMs + outage.atMs - Date.now();
      await delay(Math.max(0, leftMs), undefined, { signal: until }).catch(() => undefined);
      if (until.aborted) return;
      await this.make(outage, false);
    }
  }

  /** @param isAlone true if the server is up and must show the effect of the outage */
  private async make(outage: Outage, isAlone: boolean): Promise<void> {
    if (this.skipped.has(outage.kind)) return;
    this.installation.count(outage.kind);
    const over = this.installation.chronicle.beginOutage();
    try {
      await this.carryOut(outage, isAlone);
    } finally {
      over();
    }
  }

  private async carryOut(outage: Outage, isAlone: boolean): Promise<void> {
    switch (outage.kind) {
      case 'locked-database': {
        const lock = await DatabaseLock.take(this.installation.databaseFile);
        await Promise.all([delay(outage.forMs), isAlone && this.untilRefused(outage.kind)]);
        return lock.release();
      }
      case 'full-disk': {
        const freed = new AbortController();
        const full = (this.installation.disk as SmallDisk).fill(freed.signal);
        await Promise.all([delay(outage.forMs), isAlone && this.untilRefused(outage.kind)]);
        freed.abort();
        return full;
      }
      case 'clock-forward':
        await this.installation.setClock(outage.process, TWO_HOURS_MS);
        await Promise.all([
          delay(outage.forMs),
          isAlone && outage.process === 'server' && this.untilClockIs(TWO_HOURS_MS, outage.kind),
        ]);
        return this.installation.setClock(outage.process, 0);
      case 'clock-back': {
        const { process, end } = outage;
        await this.installation.restart(process, end, () =>
          this.installation.presetClock(process, -TWO_HOURS_MS),
        );
        await this.installation.untilUp();
        await Promise.all([
          delay(outage.forMs),
          process === 'server' && this.untilClockIs(-TWO_HOURS_MS, outage.kind),
        ]);
        return this.installation.setClock(process, 0);
      }
      case 'deleted-folders':
        for (const folder of outage.folders) this.installation.deleteFolder(folder);
        return;
      case 'deleted-database':
        return this.deleteDatabase(outage);
    }
  }

  /** Waits until a trigger is refused because of the storage. */
  private untilRefused(kind: OutageKind): Promise<void> {
    return this.untilAnswered(kind, ({ status }) => status === 503 || status === 507);
  }

  /** Waits until a run starts at the shifted time. */
  private untilClockIs(offsetMs: number, kind: OutageKind): Promise<void> {
    return this.untilAnswered(
      kind,
      ({ status, body }) =>
        status === 201 && Math.abs(Date.parse(body.startedAt) - Date.now() - offsetMs) < TWO_HOURS_MS / 2,
    );
  }

  private async untilAnswered(
    kind: OutageKind,
    isReached: (answer: Answer<RunView>) => boolean,
  ): Promise<void> {
    const deadlineMs = Date.now() + SHOWS_WITHIN_MS;
    while (Date.now() < deadlineMs) {
      const answer = await this.load.probe();
      this.note(kind, answer?.status ?? 'none');
      if (answer && isReached(answer)) return;
      await delay(ASK_EVERY_MS);
    }
  }

  private note(kind: OutageKind, status: number | 'none'): void {
    const counts = this.answers.get(kind) ?? new Map<number | 'none', number>();
    this.answers.set(kind, counts.set(status, (counts.get(status) ?? 0) + 1));
  }

  /**
   * Moves the files away, which looks like a deletion to the server, so that accepted runs can be restored. Once
   * the server notices, it must not accept a run.
   */
  private async deleteDatabase({ what, end, kind }: Outage & { kind: 'deleted-database' }): Promise<void> {
    const { installation } = this;
    const folder = join(installation.folders.dataDir, 'db');
    const aside = join(installation.folders.dataDir, 'moved-by-the-test');
    const names = readdirSync(folder);
    mkdirSync(aside);
    for (const name of names) renameSync(join(folder, name), join(aside, name));
    if (what === 'folder') rmSync(folder, { recursive: true });

    await this.untilNotReady();
    for (let probe = 0; probe < 3; probe++) {
      const answer = await this.load.probe();
      this.note(kind, answer?.status ?? 'none');
      if (answer?.status === 201) this.find('A run was accepted although the database had been deleted.');
    }
    const health = await installation.api.call<{ status: string }>('/api/health');
    if (health?.status !== 503)
      this.find(
        `Health answers ${health?.status} while the database is deleted: ${JSON.stringify(health?.body)}`,
      );
    const live = await installation.api.call('/api/health/live');
    if (live?.status !== 200) this.find(`Live answers ${live?.status} while the database is deleted.`);

    await installation.restart('server', end, () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const name of names) renameSync(join(aside, name), join(folder, name));
      rmSync(aside, { recursive: true });
    });
    await installation.untilUp();
  }

  private async untilNotReady(): Promise<void> {
    const deadlineMs = Date.now() + NOTICES_WITHIN_MS;
    while (Date.now() < deadlineMs) {
      const ready = await this.installation.api.call('/api/health/ready');
      if (ready?.status === 503) return;
      await delay(ASK_EVERY_MS);
    }
    this.find(
      `The server did not notice within ${NOTICES_WITHIN_MS / 1000} s that its database had been deleted.`,
    );
  }
}
