import { CallBudget } from './call-budget';
import { HttpClient } from './http-client';
import type { Report } from './report';
import type { Settings } from './settings';

/** Returns the HTTP client of a step, whose calls count against the quota of the run. */
export function openClient(settings: Settings, report: Report): { client: HttpClient; budget: CallBudget } {
  const { quotaRemaining, concurrency } = settings.run;
  const budget = new CallBudget(quotaRemaining, concurrency, () => report.call());
  const client = new HttpClient(
    budget,
    {
      requestMs: settings.requestTimeoutSeconds * 1000,
      maxTries: settings.maxTries,
      retryDelayMs: settings.retryDelayMs,
    },
    settings.allowPrivate,
  );
  return { client, budget };
}
