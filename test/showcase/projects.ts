/** Steps that no worker executes: the test reports their events itself, one by one. */
const steps = (...names: string[]) =>
  `steps:\n${names.map((name) => `  - { name: ${name}, command: [node, ${name}.js] }\n`).join('')}`;

/** On a rare day, so that no run starts while the pages are looked at. */
const NEW_YEAR = '0 2 1 1 *';

/** One project for each state that a page can show. */
export const SHOWCASE_PROJECTS: Record<string, string> = {
  search: `id: search
name: Job search
default: true
quota: true
params:
  keywords: { type: string, default: TypeScript remote, description: What to look for }
  maxPages: { type: integer, default: 20, min: 1, max: 200, description: Pages that are read of each site }
  depth: { type: enum, values: [quick, thorough], default: quick, description: How closely each vacancy is read }
  notify: { type: boolean, default: true, description: Send a mail when something new was found }
${steps('search', 'capture', 'dedupe', 'score', 'publish')}scopes: { refresh: [dedupe, score, publish] }
timeoutSeconds: 7200
`,
  glossary: `id: glossary\nname: Project glossary\nmetrics: [termsCount, issuesCount]\nschedule:\n  - { name: new-year, cron: '${NEW_YEAR}', timeZone: Europe/Berlin }\n  - { name: nightly-review-of-everything, cron: '@daily', enabled: false }\n${steps('extract', 'provisional', 'refine')}`,
  retrain: `id: retrain\nname: Retrain model\nmetrics: [accuracy]\nschedule: { cron: '${NEW_YEAR}', timeZone: America/New_York }\n${steps('load', 'fit', 'evaluate', 'release')}`,
  newsletter: `id: newsletter\nname: Newsletter\nquota: true\n${steps('collect', 'write', 'send')}`,
  invoices: `id: invoices
name: Invoices
executor: external
result: { table: { name: jobs, title: customer, link: document, columns: [due, amount, note], newBy: run_id, sort: due } }
`,
  cleanup: `id: cleanup
name: Clean up
params:
  before: { type: date, min: 2020-01-01, max: 2035-12-31, description: Only files of earlier days }
  folders: { type: array, default: [inbox, archive/2025], max: 20, description: Folders to clean }
  kinds: { type: array, values: [mail, log, dump], description: Kinds of files }
  label: { type: string, pattern: "[A-Z]{2}-[0-9]+", description: Number of the ticket, example: OP-42 }
  dryRun: { type: boolean, description: Only list the files }
  note: { type: string, multiline: true, max: 2000, description: Reason for the log of the archive }
${steps('archive', 'delete')}`,
  digest: `id: digest\nname: Weekly digest\n${steps('gather', 'summarise')}`,
  import: `id: import\nname: Import of old orders\ndescription: Loads the orders of the old shop\ntags: [orders, nightly]\nenabled: false\nschedule: { cron: '${NEW_YEAR}' }\n${steps('load')}`,
  places: `id: places\nname: Geocode places\n${steps('read', 'train', 'write')}`,
  backup: `id: backup\nname: Backup\nretry: { maxAttempts: 3 }\n${steps('dump', 'upload')}`,
};

/** What the file of a project says later: what came out before is not what would come out now. */
export const CHANGED_DIGEST = `id: digest\nname: Weekly digest\n${steps('gather', 'summarise', 'illustrate')}`;

export const BROKEN_FILE = 'id: old\nname: Old\nsteps: all of them\n';
export const QUOTA_FILE =
  'quota: { dailyLimit: 100, concurrencyLimit: 2, resetPolicy: { timeZone: Europe/Berlin, resetHour: 0 } }';
