import { Webhook } from 'standardwebhooks';
import { elapsedMs } from '../clock/clock';
import { RUN_CONDITIONS } from '../projects/notify-rules';
import { runError } from '../runs/run-error';
import type { Delivery, DeliveryKind } from './delivery';
import { jsonBody } from './json-body';
import { messageOf } from './message';

type Source = Pick<Delivery, 'id' | 'kind' | 'projectId' | 'runId' | 'facts' | 'errorLines'>;

/** Returns the type of the event, such as `run.failed`, `run.stuck.cleared` or `project.stale`. */
export function webhookType(kind: DeliveryKind): string {
  if (kind === 'test') return 'test';
  if ((RUN_CONDITIONS as readonly string[]).includes(kind)) return `run.${kind}`;
  const of = kind.startsWith('late') || kind.startsWith('stale') ? 'project' : 'run';
  return `${of}.${kind.replace('-', '.')}`;
}

/** Returns the body: JSON with stable members, documented in docs/notifications.md. The same for each try. */
export function webhookBody(delivery: Source, publicUrl: string | null): string {
  const { kind, projectId, runId, facts } = delivery;
  const { headline, lines, url } = messageOf(delivery, publicUrl);
  const { run, condition, projectName, at } = facts;
  return jsonBody({
    type: webhookType(kind),
    timestamp: at,
    data: {
      text: headline,
      url,
      projectId,
      projectName,
      run: run && {
        runId,
        number: run.number,
        scope: run.scope,
        status: run.status,
        statusReason: run.statusReason,
        triggeredBy: run.triggeredBy,
        triggeredByName: run.triggeredByName,
        startedAt: run.startedAt,
        endedAt: run.endedAt,
        durationMs: run.endedAt === null ? null : elapsedMs(run.startedAt, run.endedAt),
        step: run.step?.name ?? null,
        exitCode: run.step?.exitCode ?? null,
        error: run.error && runError(run.error),
        errorLines: lines,
      },
      condition,
    },
  });
}

/**
 * Returns the headers of Standard Webhooks: an id that is the same for each try, the time of the try, and a signature
 * for each secret, so that a receiver can change its secret at any time.
 */
export function webhookHeaders(
  { id, body, secrets }: { id: string; body: string; secrets: readonly string[] },
  nowMs: number,
): Record<string, string> {
  const at = new Date(nowMs);
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, at, body));
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  };
}
