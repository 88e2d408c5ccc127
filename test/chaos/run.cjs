/**
 * Kills and pauses every process at random times under load, locks the database, fills the disk, shifts clocks and
 * deletes folders. Checks that every guarantee holds.
 *
 *   npm run chaos                                 10 minutes of faults
 *   npm run chaos -- --seconds 60 --seed 7        1 minute; the same seed gives the same faults
 *   npm run chaos -- --outage full-disk           one outage at full length and no other fault; with --embedded,
 *                                                 the server runs the steps itself
 *   npm run chaos -- --keep-going                 continues after the first flaw
 *   npm run chaos -- --without fencing            disables a protection, to show that the test notices: unique-index,
 *                                                 inbox, fencing or group-recreation
 */
const { parseArgs } = require('node:util');

require('../support/typescript.cjs');
const { chaos } = require('./chaos.ts');
const { OUTAGES, planOf, planOfOutage } = require('./plan.ts');
const { reportOf } = require('./report.ts');
const { PROTECTIONS } = require('./sabotage.ts');

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'drain-seconds': { type: 'string', default: '120' },
    without: { type: 'string' },
    outage: { type: 'string' },
    embedded: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});
const numbers = [values.seconds, values.seed, values['drain-seconds']].map(Number);
if (numbers.some((number) => !(number >= 0))) fail('--seconds, --seed and --drain-seconds take numbers.');
const [seconds, seed, drainSeconds] = numbers;
const without = values.without ?? null;
if (without !== null && !PROTECTIONS.includes(without))
  fail(`--without takes one of ${PROTECTIONS.join(', ')}.`);

const { outage } = values;
const kinds = OUTAGES.map(({ kind }) => kind);
if (outage !== undefined && !kinds.includes(outage)) fail(`--outage takes one of ${kinds.join(', ')}.`);
const plan =
  outage === undefined
    ? planOf(seed, seconds)
    : planOfOutage(seed, outage, values.embedded ? 'embedded' : 'processes');

const tell = (line) => process.stdout.write(`${line}\n`);

chaos({ plan, seed, drainSeconds, without, keepGoing: values['keep-going'], tell }).then(
  (outcome) => {
    const { findings, foundAfterSeconds } = outcome;
    for (const line of reportOf(outcome)) tell(line);
    for (const finding of findings) tell(`FLAW: ${finding}`);
    tell(findings.length === 0 ? 'Everything held.' : `Found after ${foundAfterSeconds} s (seed ${seed}).`);
    process.exit(findings.length === 0 ? 0 : 1);
  },
  (error) => fail(String(error?.stack ?? error)),
);

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
