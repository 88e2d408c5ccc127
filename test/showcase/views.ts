import type { Page } from 'playwright-core';
import type { RunName, Showcase } from './showcase';

/** A page in one of its states. */
export interface View {
  name: string;
  path: string;
  /** What a person does to see it. */
  prepare?: (page: Page) => Promise<unknown>;
}

const RUNS: RunName[] = [
  'running',
  'waiting',
  'stopping',
  'failed',
  'partial',
  'completed',
  'cancelled',
  'rerun',
  'secondAttempt',
];

export function viewsOf({ runs }: Showcase): View[] {
  return [
    { name: 'overview', path: '/' },
    ...['search', 'glossary', 'retrain', 'newsletter', 'invoices', 'cleanup', 'digest'].map((projectId) => ({
      name: `project-${projectId}`,
      path: `/projects/${projectId}`,
    })),
    {
      name: 'project-params',
      path: '/projects/search',
      prepare: (page) => page.getByText('Parameters').first().click(),
    },
    { name: 'project-filtered', path: '/projects/retrain?status=failed' },
    { name: 'project-nothing-found', path: '/projects/glossary?status=failed' },
    ...RUNS.map((name) => ({ name: `run-${name}`, path: `/runs/${runs[name]}` })),
    { name: 'rejected', path: '/events/rejected' },
    { name: 'quota', path: '/quota' },
    { name: 'workers', path: '/workers' },
    { name: 'status', path: '/status' },
    { name: 'event-contract', path: '/events/contract' },
    { name: 'not-found', path: '/nowhere' },
  ];
}
