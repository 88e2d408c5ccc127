import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { decodeLines } from '../../src/logs/log-chunk';
import { flawsOf, inDatabase } from '../support/crash';
import type { BadEvents } from './bad-events';
import { GROUPS, type Installation } from './installation';
import { LINES, MADE_FILE } from './projects';

const LOOK_EVERY_MS = 250;

/** @returns the remaining work after the time limit; empty if everything is idle */
export async function untilDrained(
  installation: Installation,
  withinMs: number,
  until: AbortSignal,
): Promise<string[]> {
  const client = installation.redis.client({ commandTimeout: 5000, maxRetriesPerRequest: 1 });
  const deadline = Date.now() + withinMs;
  try {
    for (;;) {
      const left = await underWay(installation, client).catch((error: unknown) => [
        `cannot look: ${String(error)}`,
      ]);
      if (left.length === 0 || until.aborted) return [];
      if (Date.now() > deadline)
        return left.map((what) => `not drained within ${withinMs / 1000} s: ${what}`);
      await delay(LOOK_EVERY_MS);
    }
  } finally {
    client.disconnect();
  }
}

async function underWay({ folders }: Installation, client: Redis): Promise<string[]> {
  const left = inDatabase(folders, (database) => {
    const running = database
      .prepare(
        `SELECT run_id || ' of ' || project_id || ', attempt ' || attempt || ', worker ' || COALESCE(worker_id, 'none')
           || ', lease until ' || COALESCE(lease_expires_at, 'never') AS what FROM runs WHERE status = 'running'`,
      )
      .all() as { what: string }[];
    const { events } = database.prepare('SELECT COUNT(*) AS events FROM outbox').get() as { events: number };
    return [
      ...running.map(({ what }) => `run ${what}`),
      ...(events > 0 ? [`${events} events in the outbox`] : []),
    ];
  });
  for (const [key, group] of GROUPS) {
    const rows = (await client.xinfo('GROUPS', key).catch(() => [])) as unknown[][];
    const row = rows.find(([, name]) => name === group);
    if (!row) {
      left.push(`no group ${group} on ${key}`);
      continue;
    }
    const pending = Number(row[row.indexOf('pending') + 1]);
    if (pending > 0) left.push(`${pending} pending entries of ${group} on ${key}`);
    const place = String(row[row.indexOf('last-delivered-id') + 1]);
    const behind = await client.xrange(key, `(${place}`, '+', 'COUNT', 1);
    if (behind.length > 0) left.push(`${group} has not read all of ${key}`);
  }
  return left;
}

/** Checks the invariants of an idle installation. @returns the violations */
export function flawsAtRest(
  installation: Installation,
  accepted: ReadonlySet<string>,
  bad: BadEvents,
): string[] {
  const { folders } = installation;
  const flaws = flawsOf(folders);
  inDatabase(folders, (database) => {
    const all = <Row>(sql: string, ...values: unknown[]) => database.prepare(sql).all(...values) as Row[];
    const textsOf = (runId: string) =>
      all<{ first_seq: number; lines: string }>(
        'SELECT first_seq, lines FROM log_chunks WHERE run_id = ?',
        runId,
      )
        .flatMap(({ first_seq, lines }) => decodeLines(first_seq, lines))
        .map(({ text }) => text);
    const status = new Map(
      all<{ run_id: string; status: string }>('SELECT run_id, status FROM runs').map((run) => [
        run.run_id,
        run.status,
      ]),
    );
    for (const runId of accepted) {
      const found = status.get(runId);
      if (found === undefined || found === 'running')
        flaws.push(`accepted run ${runId} is ${found ?? 'not there'}`);
    }

    for (const run of all<Record<'run_id' | 'status_reason' | 'started_at' | 'ended_at', string>>(
      "SELECT run_id, status_reason, started_at, ended_at FROM runs WHERE status_reason IN ('timed-out', 'no-worker')",
    ))
      flaws.push(
        `run ${run.run_id} ended ${run.status_reason}, and had half an hour (${run.started_at} to ${run.ended_at})`,
      );
    for (const run of all<Record<'run_id' | 'started_at' | 'ended_at', string>>(
      'SELECT run_id, started_at, ended_at FROM runs WHERE ended_at < started_at',
    ))
      flaws.push(`run ${run.run_id} ended at ${run.ended_at}, before it began at ${run.started_at}`);
    for (const { run_id: runId, artifacts } of all<{ run_id: string; artifacts: string }>(
      "SELECT run_id, artifacts FROM runs WHERE project_id = 'makes' AND status = 'completed'",
    )) {
      if (installation.withoutFiles.has(runId)) continue;
      if (!artifacts.includes(`"${MADE_FILE}"`))
        flaws.push(`completed ${runId} of makes lacks its artifact; its log: ${textsOf(runId).join(' | ')}`);
      else if (!existsSync(join(folders.dataDir, 'runs', runId, MADE_FILE)))
        flaws.push(`completed ${runId} of makes lists an artifact that is not there`);
    }

    const listed = new Map<string, number>();
    for (const { fields } of all<{ fields: string }>('SELECT fields FROM rejected_events')) {
      const { eventId = fields } = JSON.parse(fields) as { eventId?: string };
      listed.set(eventId, (listed.get(eventId) ?? 0) + 1);
      if (!bad.sent.has(eventId)) flaws.push(`a good event is rejected: ${fields}`);
    }
    for (const [eventId, losses] of bad.sent) {
      const times = listed.get(eventId) ?? 0;
      // Redis has lost nothing since it accepted the event; otherwise the event may be lost.
      const mustBeThere = bad.answered.has(eventId) || losses === installation.losses;
      if (times > 1) flaws.push(`bad event ${eventId} is rejected ${times} times`);
      if (times === 0 && mustBeThere)
        flaws.push(`bad event ${eventId} is not on the list of rejected events`);
    }

    for (const run of all<{ run_id: string; project_id: string; attempt: number; metrics: string }>(
      "SELECT run_id, project_id, attempt, metrics FROM runs WHERE status = 'completed' AND executor = 'steps'",
    )) {
      const texts = new Set(textsOf(run.run_id));
      if (run.project_id in LINES && !('attempt' in (JSON.parse(run.metrics) as object)))
        flaws.push(`completed ${run.run_id} of ${run.project_id}: its metrics are missing`);
      for (const [step, total] of Object.entries(LINES[run.project_id] ?? {})) {
        const missing = Array.from({ length: total }, (_, index) => index + 1).filter(
          (line) => !texts.has(`attempt ${run.attempt} ${step} line ${line}`),
        );
        if (missing.length > 0)
          flaws.push(
            `completed ${run.run_id} of ${run.project_id}, attempt ${run.attempt}, ${step}: no line ${missing.join(', ')}`,
          );
      }
    }
  });
  const alive = installation.livingSteps();
  if (alive.length > 0) flaws.push(`${alive.length} processes of steps are alive`);
  return flaws;
}

/** Returns a summary of how the runs ended. */
export function endsOf({ folders }: Installation): string {
  return inDatabase(folders, (database) =>
    (
      database
        .prepare(
          `SELECT status || COALESCE(' ' || status_reason, '') AS end, COUNT(*) AS runs FROM runs
             GROUP BY end ORDER BY runs DESC`,
        )
        .all() as { end: string; runs: number }[]
    )
      .map(({ end, runs }) => `${runs} ${end}`)
      .join(', '),
  );
}
