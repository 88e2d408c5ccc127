import type { Browser, Page } from 'playwright-core';
import type { RunView } from '../src/runs/run-view';
import { launchBrowser, openPage } from './support/browser';
import { CliProcess } from './support/cli-process';
import { nodeStep, RunningApp } from './support/jobato';

const PARAMS = `params:
  text: { type: string, description: Any text }
  title: { type: string, default: Untitled }
  notes: { type: string, multiline: true, description: What has changed }
  tag: { type: string, pattern: "v[0-9]+", description: Release tag, example: v12 }
  code: { type: string, pattern: "[a-f]{4}" }
  depth: { type: integer }
  ratio: { type: number, min: 0.5, max: 1e21 }
  sure: { type: boolean, description: Deletes files }
  deep: { type: boolean, default: true }
  mode: { type: enum, values: [fast, slow] }
  suffix: { type: enum, values: ["", -rc], default: -rc }
  day: { type: date, min: 2026-01-01, max: 2028-12-31 }
  hosts: { type: array, pattern: "[^!]*", description: Hosts to visit }
  kinds: { type: array, values: [a, b], default: [a] }
`;
const DEFAULTS = { title: 'Untitled', deep: true, suffix: '-rc', kinds: ['a'] };
const STEP = 'console.log(process.env.JOBATO_PARAMS)';
const RUN_PAGE = /\/runs\/[0-9a-f-]{36}$/;

/** A value as a person gives it on the page, as the arguments of the command line, and as JSON. */
interface Given {
  name: string;
  page: string | boolean;
  cli: string[];
  rest: unknown;
}
/** With one value of the command line equal to the text on the page, unless it is given. */
const given = (name: string, page: string, rest: unknown, cli = [page]): Given => ({ name, page, cli, rest });
const LINES = 'first\n\n  third, "ünïcödé" <b>\n';

/** Each value once. Those of one parameter go into different runs. */
const VALUES: Given[] = [
  given('text', 'a, b', 'a, b'),
  given('text', '  ', '  '),
  given('text', '012', '012'),
  given('title', '', ''),
  given('notes', LINES, LINES),
  given('notes', '\na', '\na'),
  given('tag', 'v7', 'v7'),
  given('depth', '-12', -12),
  given('depth', '1e3', 1000),
  given('depth', '9007199254740991', Number.MAX_SAFE_INTEGER),
  given('ratio', '0.75', 0.75),
  given('ratio', '1e+21', 1e21),
  given('sure', 'true', true),
  given('sure', 'false', false),
  { name: 'deep', page: false, cli: ['false'], rest: false },
  given('mode', 'slow', 'slow'),
  given('suffix', '', ''),
  given('day', '2028-02-29', '2028-02-29'),
  given('hosts', 'a.example', ['a.example']),
  given('hosts', 'a\n b, c\na', ['a', ' b, c', 'a'], ['a', ' b, c', 'a']),
  given('hosts', '["x"]\ny', ['["x"]', 'y'], ['["[\\"x\\"]", "y"]']),
  given('kinds', '', []),
];
const SETS = VALUES.reduce<Given[][]>((sets, one) => {
  const free = sets.find((set) => set.every(({ name }) => name !== one.name));
  if (free === undefined) return [...sets, [one]];
  free.push(one);
  return sets;
}, []);

describe('params of a run', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({
      typed: nodeStep('typed', STEP, PARAMS),
      hidden: nodeStep('hidden', STEP, 'params:\n  note: { type: string }\n  token: { type: secret }\n'),
      strict: nodeStep(
        'strict',
        STEP,
        'params:\n  sure: { type: boolean, required: true }\n  hosts: { type: array, required: true }\n',
      ),
    });
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    // A refused form is not a fault of the page; all other console messages are.
    expect(complaints.filter((text) => !/status of 400/.test(text))).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await jobato.stop();
  });

  async function open(path: string, javaScriptEnabled = true): Promise<Page> {
    const each = await openPage(browser, jobato.url, { javaScriptEnabled });
    opened.push(each);
    await each.page.goto(path);
    const params = each.page.locator('details.params');
    if ((await params.getAttribute('open')) === null) await params.locator('summary').click();
    return each.page;
  }
  /** Returns the params as stored, and as the step received them. */
  async function result(runId: string): Promise<unknown[]> {
    await jobato.untilEnded(runId);
    const { params } = (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
    const log = await jobato.fetch(`/api/runs/${runId}/logs`, { headers: { accept: 'text/plain' } });
    return [params, JSON.parse(await log.text())];
  }
  async function fill(page: Page, { name, page: value }: Given): Promise<void> {
    const field = page.locator(`#param-${name}`);
    if (typeof value === 'boolean') await field.setChecked(value);
    else if (await field.evaluate((element) => element.tagName === 'SELECT')) await field.selectOption(value);
    else await field.fill(value);
  }
  async function fromPage(page: Page): Promise<unknown[]> {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForURL(RUN_PAGE);
    return result(page.url().slice(-36));
  }
  async function fromCli(args: string[]): Promise<unknown[]> {
    const command = ['trigger', 'typed', '--json', ...args.flatMap((param) => ['--param', param])];
    const { stdout, stderr } = await CliProcess.start('bin/jobato.mjs', command, { JOBATO_URL: jobato.url })
      .ended;
    expect(stderr).toBe('');
    return result((JSON.parse(stdout) as RunView).runId);
  }
  const fromRest = async (params: object) => result((await jobato.trigger('typed', { params })).runId);

  it('have the same defaults from the page, REST and the command line', async () => {
    const expected = [DEFAULTS, DEFAULTS];
    expect(await fromRest({})).toEqual(expected);
    expect(await fromCli([])).toEqual(expected);
    expect(await fromPage(await open('/projects/typed'))).toEqual(expected);
    expect(await fromPage(await open('/projects/typed', false))).toEqual(expected);
  });

  it.each(SETS.map((set) => [set.map(({ name }) => name).join(', '), set]))(
    'have the same values from the page, REST and the command line: %s',
    async (_names, set) => {
      const values = Object.fromEntries(set.map(({ name, rest }) => [name, rest]));
      const expected = { ...DEFAULTS, ...values };
      expect(await fromRest(values)).toEqual([expected, expected]);
      const args = set.flatMap(({ name, cli }) => cli.map((value) => `${name}=${value}`));
      expect(await fromCli(args)).toEqual([expected, expected]);
      const page = await open('/projects/typed');
      for (const one of set) await fill(page, one);
      expect(await fromPage(page)).toEqual([expected, expected]);
    },
  );

  it.each([true, false])(
    'are the same again in a form filled from a run (JavaScript: %s)',
    async (script) => {
      const params = {
        ...{ text: 'a\nb', title: '', notes: '\n\nx\n', tag: 'v1', depth: 0, ratio: 1e21, sure: false },
        ...{ deep: false, mode: 'slow', suffix: '', day: '2026-03-31', hosts: [' a', 'b'], kinds: [] },
      };
      const { runId } = await jobato.trigger('typed', { params });
      await jobato.untilEnded(runId);
      const page = await open(`/projects/typed?like=${runId}`, script);
      expect(await page.getByLabel('Text').evaluate(({ tagName }) => tagName)).toBe('TEXTAREA');
      expect(await fromPage(page)).toEqual([params, params]);
    },
  );

  it('show line breaks, items and descriptions on the page of the run', async () => {
    const params = { notes: 'one\ntwo', hosts: ['a', 'b'] };
    const { runId } = await jobato.trigger('typed', { params });
    const page = await open('/projects/typed');
    await page.goto(`/runs/${runId}`);
    const shown = (name: string) => page.locator('.run-param').filter({ hasText: name });
    expect(await shown('notes').innerText()).toBe('notes What has changed\none\ntwo');
    expect(await shown('hosts').innerText()).toBe('hosts Hosts to visit\na\nb');
    await jobato.untilEnded(runId);
  });

  const INVALID: [string, string, RegExp][] = [
    ['tag', 'x', /^Tag must fit its description: Release tag \(example: v12\)$/],
    ['code', 'x', /^Code has the wrong format$/],
    ['depth', '1,5', /^Depth must be a whole number such as 1500, without a comma$/],
    [
      'depth',
      '9007199254740993',
      /^Depth must be a whole number from -9007199254740991 to 9007199254740991$/,
    ],
    ['ratio', '1e999', /^Ratio must be a number from -1\.7e308 to 1\.7e308$/],
    ['ratio', 'half', /^Ratio must be a number$/],
    ['day', '2029-01-01', /^Day must be 2028-12-31 or earlier$/],
    ['hosts', 'a\n\nb!', /^Hosts item 2 must fit its description: Hosts to visit$/],
    ['kinds', 'c', /^Kinds item 1 must be one of a, b$/],
  ];

  it.each([true, false])('are rejected at their field, which keeps them (JavaScript: %s)', async (script) => {
    const page = await open('/projects/typed', script);
    for (const [name, text, message] of INVALID) {
      // Without JavaScript, the browser itself would reject a day after the last one.
      if (!script) await page.locator('#run-form').evaluate((form) => form.setAttribute('novalidate', ''));
      await fill(page, given(name, text, null));
      const field = page.locator(`#param-${name}`);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.locator(`#param-${name}-error`).filter({ hasText: message }).waitFor();
      expect(await field.inputValue()).toBe(text);
      expect(await field.getAttribute('aria-invalid')).toBe('true');
      await page.getByTestId('notice').getByRole('link').first().waitFor();
      expect(await page.content()).not.toMatch(/v\[0-9\]|\[a-f\]|\[\^!\]/);
      await fill(page, given(name, name === 'kinds' ? 'a' : '', null));
    }
    expect(await fromPage(page)).toEqual([DEFAULTS, DEFAULTS]);
  });

  it.each([
    ['param.day', '2026-02-30', 'Day must be a day of the calendar, and 2026-02-30 is not'],
    ['param.mode', 'medium', 'Mode must be one of fast, slow'],
    ['param.sure', 'maybe', 'Sure must be true or false'],
  ])('keep an invalid value of a field with fixed choices: %s', async (name, value, message) => {
    const page = await open('/projects/typed', false);
    await page
      .locator(`[name="${name}"]`)
      .evaluate(
        (field, text) => (field.outerHTML = `<input form=run-form name="${field.name}" value="${text}">`),
        value,
      );
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const field = page.locator(`[name="${name}"]`);
    expect(await page.locator(`#${(await field.getAttribute('id'))!}-error`).innerText()).toBe(message);
    expect(await field.inputValue()).toBe(value);
  });

  it('are rejected by REST with the words of the project file, or else with the pattern', async () => {
    const body = { params: { tag: 'x', code: 'x', day: '2026-02-30', hosts: ['a', ''] } };
    const { status, body: problem } = await jobato.api.post('/api/projects/typed/runs').send(body);
    expect([status, (problem as { errors: unknown }).errors]).toEqual([
      400,
      [
        { field: 'params.tag', message: 'must fit its description: Release tag (example: v12)' },
        { field: 'params.code', message: 'must match [a-f]{4}' },
        { field: 'params.day', message: 'must be a day of the calendar, and 2026-02-30 is not' },
        { field: 'params.hosts', message: 'item 2 must not be empty' },
      ],
    ]);
  });

  it('can be repeated on the command line only if they are arrays', async () => {
    const command = ['trigger', 'typed', '--param', 'text=a', '--param', 'text=b'];
    const { exitCode, stderr } = await CliProcess.start('bin/jobato.mjs', command, { JOBATO_URL: jobato.url })
      .ended;
    expect([exitCode, stderr]).toEqual([
      2,
      '--param text is set twice. Only a parameter of type array can be repeated.\n',
    ]);
  });

  it('are kept while the user signs in again, except secrets', async () => {
    const page = await open('/projects/hidden');
    await page.getByLabel('Note').fill('kept');
    await page.getByLabel('Token').fill('swordfish');
    // In one turn, because the page then leads to the sign-in.
    const stored = await page.evaluate(
      "document.dispatchEvent(new Event('jobato:session-ended')); JSON.stringify(sessionStorage)",
    );
    expect(stored).toContain('kept');
    expect(stored).not.toContain('swordfish');
  });

  it('are required if the project says so, for each type', async () => {
    const page = await open('/projects/strict');
    expect(await page.getByLabel('Sure (required)').inputValue()).toBe('');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('#param-sure-error').filter({ hasText: 'Sure is required' }).waitFor();
    await page.locator('#param-hosts-error').filter({ hasText: 'Hosts is required' }).waitFor();
    await page.getByLabel('Sure (required)').selectOption('No');
    await page.getByLabel('Hosts (required)').fill('a');
    const params = { sure: false, hosts: ['a'] };
    expect(await fromPage(page)).toEqual([params, params]);
  });

  it('have labelled and described fields that work with the keyboard', async () => {
    const page = await open('/projects/typed');
    const described = (role: 'textbox' | 'combobox', name: string) =>
      page.getByRole(role, { name, exact: true });
    await described('textbox', 'Notes')
      .and(page.getByRole('textbox', { description: 'What has changed' }))
      .waitFor();
    await page.getByRole('textbox', { name: 'Tag', description: 'Release tag · Example: v12' }).waitFor();
    await page
      .getByRole('textbox', { name: 'Hosts', description: 'Hosts to visit · One per line' })
      .waitFor();
    await page.getByRole('combobox', { name: 'Sure', description: 'Deletes files' }).waitFor();
    await page.getByLabel('Notes').focus();
    await page.keyboard.type('one');
    await page.keyboard.press('Enter');
    await page.keyboard.type('two');
    for (const next of ['tag', 'code', 'depth', 'ratio', 'sure']) {
      await page.keyboard.press('Tab');
      await page.locator(`#param-${next}:focus`).waitFor();
    }
    await page.keyboard.type('Yes');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.locator('#param-title').press('Enter');
    await page.waitForURL(RUN_PAGE);
    const params = { ...DEFAULTS, notes: 'one\ntwo', sure: true, deep: false };
    expect(await result(page.url().slice(-36))).toEqual([params, params]);
  });

  it.each([true, false])('do not lose an incomplete date (JavaScript: %s)', async (script) => {
    const page = await open('/projects/typed', script);
    await page.locator('#param-day').focus();
    await page.keyboard.type('30');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    if (script) await page.locator('#param-day-error').filter({ hasText: 'must be a date' }).waitFor();
    // The browser shows its own message beside the field, which it focuses.
    else await page.locator('#param-day:focus:invalid').waitFor();
    expect(page.url()).not.toMatch(RUN_PAGE);
    await page.locator('#param-day').fill('2026-03-31');
    const params = { ...DEFAULTS, day: '2026-03-31' };
    expect(await fromPage(page)).toEqual([params, params]);
  });
});
