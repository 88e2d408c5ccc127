// Measures Jobato on this machine, compared with its aims and with baselines of the machine.
//
// The server is the built one, in its own process, on loopback and temporary folders. The load comes from another
// process. With few cores, these and all other processes share them, so trust ratios more than absolute figures.
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readable, table } from './figures.mjs';
import { backup } from './backup.mjs';
import { bullmq } from './beside-bullmq.mjs';
import { events } from './events-in.mjs';
import * as ofOneProcess from './measurements.mjs';
import { notifications } from './notifications.mjs';
import { openPages, pages } from './pages.mjs';
import { results } from './results.mjs';
import { schedules } from './schedules.mjs';
import { retention } from './retention.mjs';

const MEASUREMENTS = {
  ...ofOneProcess,
  pages,
  openPages,
  backup,
  schedules,
  bullmq,
  events,
  notifications,
  results,
  retention,
};
const ORDER = [
  'startUp',
  'triggers',
  'lifecycles',
  'echoRuns',
  'steps',
  'logLines',
  'lists',
  'pages',
  'results',
  'bullmq',
  'events',
  'notifications',
];
/** Measured only if requested by name. */
const LONG = ['openPages', 'backup', 'schedules', 'retention'];

const HELP = `npm run bench -- [options]

Without options everything is measured, in four to five minutes.

  --quick            a short form, to see whether something got much slower
  --only=NAME        one measurement; can be repeated. Names:
                     ${ORDER.join(', ')},
                     openPages (ten minutes with 50 open pages, to see whether memory grows),
                     backup (a minute: triggers without and beside a backup of 1 GB),
                     schedules (two minutes: runs that are due at the same moment),
                     retention (deletes all but 10,000 of many runs, while another client writes)
  --runs=COUNT       the runs for retention; 100,000 by default
  --profile=FOLDER   lets the server write a CPU profile there, for Chrome's developer tools
  --help
`;

const values = readOptions();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const options = {
  quick: values.quick,
  runs: values.runs === undefined ? null : Number(values.runs),
  profile: values.profile === undefined ? null : resolve(values.profile),
};

process.stdout.write(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}\n\n`,
);
const rows = [];
let hasFailed = false;
for (const name of values.only.length === 0
  ? ORDER
  : [...ORDER, ...LONG].filter((name) => values.only.includes(name))) {
  process.stderr.write(`measuring ${name} …\n`);
  try {
    rows.push(...(await MEASUREMENTS[name](options)));
  } catch (error) {
    hasFailed = true;
    process.stderr.write(`${name}: ${error.stack}\n`);
  }
}
process.stdout.write(
  `${table([
    ['', 'MEASURED', 'AIM', 'BESIDE IT'],
    ...rows.map(({ what, value, unit, aim, peer }) => [
      what,
      `${readable(value)} ${unit}`,
      aim ?? '',
      peer ? `${readable(peer.value)} ${unit}: ${peer.what}` : '',
    ]),
  ])}\n`,
);
process.exitCode = hasFailed ? 1 : 0;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        profile: { type: 'string' },
        runs: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const unknown = values.only.find((name) => ![...ORDER, ...LONG].includes(name));
    if (unknown !== undefined) throw new Error(`There is no measurement "${unknown}".`);
    return values;
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}
