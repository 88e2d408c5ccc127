import type { ChaosOutcome } from './chaos';
import type { Latency } from './live-probe';
import { VICTIMS } from './plan';

/** Returns the injected faults, the response times and the skipped outages as text. */
export function reportOf({
  accepted,
  samples,
  done,
  skipped,
  answers,
  live,
  peakServerMegabytes,
}: ChaosOutcome): string[] {
  const kills = VICTIMS.reduce((sum, victim) => sum + (done[`${victim} kill`] ?? 0), 0);
  const counts = Object.entries(done).map(([what, times]) => `${what} ${times}`);
  return [
    `Faults: ${counts.join(', ')}.`,
    `${kills} kills survived, ${accepted} runs accepted, ${samples} samples.`,
    'Answers of /api/health/live, in ms, by what was going on:',
    ...[...live].map(([phase, latency]) => `  ${phase.padEnd(18)}${latencyText(latency)}`),
    ...[...answers].map(
      ([kind, statuses]) =>
        `Triggers during ${kind}: ${[...statuses].map(([status, times]) => `${times} × ${status}`).join(', ')}.`,
    ),
    `Most memory that the server had resident: ${peakServerMegabytes} MB.`,
    ...(skipped.size === 0
      ? ['Nothing was left out.']
      : [...skipped].map(([kind, reason]) => `Left out: ${kind} (${reason}).`)),
  ];
}

function latencyText({ p50Ms, p99Ms, maxMs, answers, unanswered }: Latency): string {
  const [p50, p99, max] = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1).padStart(8));
  return `p50 ${p50}  p99 ${p99}  max ${max}  of ${answers} answers, ${unanswered} unanswered`;
}
