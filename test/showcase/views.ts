import type { Page } from 'playwright-core';
import { pressAsOfBefore } from '../support/browser';
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
  'lost',
];

/** As if the page had not heard of the run in progress yet. */
const runAnyway = async (page: Page) => {
  await pressAsOfBefore(page.locator('#run-button'));
  await page.getByTestId('notice').waitFor();
};

const runWithInvalidValues = async (page: Page) => {
  await page.getByText('Parameters').first().click();
  await page.getByLabel('Label').fill('42');
  await page.getByLabel('Kinds').fill('mail\nvideo');
  await page.locator('#run-button').click();
  await page.getByTestId('notice').waitFor();
};

const startWithoutQuota = async (page: Page) => {
  await page.locator('#run-newsletter').click();
  await page.getByTestId('notice').waitFor();
};

const sendOldForm = async (page: Page) => {
  await page
    .locator('[name=csrfToken]')
    .evaluateAll((fields) => fields.forEach((each) => each.removeAttribute('value')));
  await page.locator('#run-button').click();
  await page.getByTestId('notice').waitFor();
};

const guess = async (page: Page) => {
  await page.getByLabel('Token').fill('a guess');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByTestId('notice').waitFor();
};

const signIn = async (page: Page) => {
  await page.getByLabel('Token').fill('a-token-of-some-length');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
};

const openPauseForm = (page: Page) => page.locator('#pause-details summary').click();

const pauseUntilYesterday = async (page: Page) => {
  await openPauseForm(page);
  await page.getByLabel('Reason').fill('The database is being upgraded');
  await page.getByLabel('Until').fill('2026-01-01T10:00');
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByTestId('notice').waitFor();
};

/** From now on, every page shows the pause. */
const pauseRetrain = async (page: Page) => {
  if ((await page.getByTestId('pause').count()) > 0) return;
  await openPauseForm(page);
  await page.getByLabel('Reason').fill('The database is being upgraded');
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByTestId('pause').waitFor();
};

export function viewsOf({ runs, guarded }: Showcase): View[] {
  return [
    { name: 'overview', path: '/' },
    { name: 'overview-failed', path: '/?state=failed' },
    { name: 'overview-nothing', path: '/?state=cancelled' },
    { name: 'overview-tag', path: '/?tag=nightly' },
    { name: 'overview-tag-nothing', path: '/?tag=unknown' },
    { name: 'overview-refused', path: '/', prepare: startWithoutQuota },
    { name: 'runs', path: '/runs' },
    { name: 'runs-filtered', path: '/runs?status=partial,failed&q=step' },
    { name: 'runs-range', path: '/runs?time=range&from=2026-01-01&zone=Europe/Berlin' },
    { name: 'runs-nothing-found', path: '/runs?q=nowhere' },
    ...['search', 'glossary', 'retrain', 'newsletter', 'invoices', 'cleanup', 'digest', 'import'].map(
      (projectId) => ({
        name: `project-${projectId}`,
        path: `/projects/${projectId}`,
      }),
    ),
    {
      name: 'project-params',
      path: '/projects/search',
      prepare: (page) => page.getByText('Parameters').first().click(),
    },
    {
      name: 'project-param-kinds',
      path: '/projects/cleanup',
      prepare: (page) => page.getByText('Parameters').first().click(),
    },
    { name: 'project-invalid', path: '/projects/cleanup', prepare: runWithInvalidValues },
    { name: 'project-refused', path: '/projects/search', prepare: runAnyway },
    { name: 'project-old-form', path: '/projects/digest', prepare: sendOldForm },
    { name: 'project-filtered', path: '/projects/retrain?status=failed' },
    { name: 'project-nothing-found', path: '/projects/glossary?status=failed' },
    ...RUNS.map((name) => ({ name: `run-${name}`, path: `/runs/${runs[name]}` })),
    { name: 'log-errors', path: `/runs/${runs.failed}?level=errors` },
    { name: 'log-nothing-found', path: `/runs/${runs.failed}?q=nowhere` },
    ...['glossary.md', 'issues.json', 'notes.txt'].map((file) => ({
      name: `artifact-${file.split('.')[1]}`,
      path: `/runs/${runs.completed}/artifacts/${file}`,
    })),
    { name: 'all-results', path: '/results' },
    { name: 'add-project', path: '/add-project' },
    { name: 'docs', path: '/docs/results' },
    { name: 'results', path: '/projects/invoices/results' },
    { name: 'results-sorted', path: '/projects/invoices/results?view=all&sort=-amount' },
    { name: 'results-nothing-found', path: '/projects/invoices/results?search=nowhere' },
    { name: 'definition', path: `/runs/${runs.running}/definition` },
    { name: 'timeline', path: `/runs/${runs.failed}/timeline` },
    { name: 'timeline-all', path: `/runs/${runs.failed}/timeline?after=0` },
    { name: 'login', path: `${guarded.url}/login` },
    { name: 'login-wrong', path: `${guarded.url}/login`, prepare: guess },
    { name: 'guarded-overview', path: `${guarded.url}/login`, prepare: signIn },
    { name: 'rejected', path: '/events/rejected' },
    { name: 'quota', path: '/quota' },
    { name: 'queries', path: '/queries' },
    { name: 'notifications', path: '/notifications' },
    { name: 'workers', path: '/workers' },
    { name: 'status', path: '/status' },
    { name: 'event-contract', path: '/events/contract' },
    { name: 'not-found', path: '/nowhere' },
    { name: 'run-candidates', path: '/runs/7000-8000' },
    { name: 'schedules', path: '/schedules' },
    { name: 'schedules-form', path: '/schedules', prepare: openPauseForm },
    { name: 'project-pause-form', path: '/projects/glossary', prepare: openPauseForm },
    { name: 'project-pause-refused', path: '/projects/glossary', prepare: pauseUntilYesterday },
    { name: 'project-paused', path: '/projects/retrain', prepare: pauseRetrain },
    { name: 'schedules-paused', path: '/schedules' },
    { name: 'overview-paused', path: '/' },
  ];
}
