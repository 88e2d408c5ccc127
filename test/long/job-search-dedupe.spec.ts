import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { JobSearchRun } from '../support/job-search';
import { SeededRandom } from '../support/random';

const VACANCIES = 1600;
const NEAR_DUPLICATES = 400;
const WORDS = 300;
/** Share of the words that another board changes. */
const CHANGED = 0.05;

const random = new SeededRandom(7);
const word = () => `w${random.integer(0, 4000)}`;
const TOWNS = ['Berlin', 'Hamburg', 'Leipzig', 'Vienna', 'Zurich'];
const TITLES = ['Data Engineer', 'Platform Engineer', 'Technical Writer', 'Product Manager', 'Designer'];
/** The same in each posting, as real postings of a company have it. */
const ABOUT = Array.from({ length: 60 }, word).join(' ');

function vacancy(index: number) {
  return {
    source: 'greenhouse:acme',
    url: `https://boards.greenhouse.io/acme/jobs/${index}`,
    title: random.pick(TITLES),
    company: `Company ${random.integer(1, 40)}`,
    location: random.pick(TOWNS),
    postedAt: null,
    text: `${ABOUT} ${Array.from({ length: WORDS }, word).join(' ')}`,
    recordedHtml: null,
    queries: ['q'],
  };
}

function elsewhere(original: ReturnType<typeof vacancy>, index: number) {
  const words = original.text.split(' ').map((one) => (random.next() < CHANGED ? word() : one));
  return {
    ...original,
    source: 'lever:acme',
    url: `https://jobs.lever.co/acme/${index}`,
    title: `${original.title} (m/f/d)`,
    text: words.join(' '),
  };
}

async function dedupe(postings: object[]) {
  const run = new JobSearchRun([], []);
  try {
    const peakFile = join(run.base, 'peak');
    writeFileSync(join(run.runDir, 'captured.json'), JSON.stringify({ version: 1, content: { postings } }));
    run.env.NODE_OPTIONS = `--require ${resolve('test/support/peak-memory.cjs')}`;
    run.env.PEAK_MEMORY_FILE = peakFile;
    const began = performance.now();
    const { metrics } = await run.runAll(['dedupe']);
    const seconds = (performance.now() - began) / 1000;
    const peakMib = Number(readFileSync(peakFile, 'utf8')) / 1024;
    process.stdout.write(
      `dedupe of ${postings.length} postings: ${seconds.toFixed(2)} s with the start of the process, ${peakMib.toFixed(0)} MiB\n`,
    );
    return metrics;
  } finally {
    run.remove();
  }
}

describe('dedupe', () => {
  it('finds 400 near-duplicates in 2,000 postings, and reports its time and memory', async () => {
    const vacancies = Array.from({ length: VACANCIES }, (_, index) => vacancy(index));
    const others = random.shuffled(vacancies).slice(0, NEAR_DUPLICATES).map(elsewhere);
    expect(await dedupe([...vacancies, ...others])).toEqual({
      knownCount: 0,
      duplicatesCount: NEAR_DUPLICATES,
      newJobsCount: VACANCIES,
    });
  });

  it('stays fast for 10,000 postings that differ only in their place', async () => {
    const text = Array.from({ length: WORDS }, word).join(' ');
    const postings = Array.from({ length: 10_000 }, (_, index) => ({
      ...vacancy(index),
      title: 'Store Associate',
      company: 'Market',
      location: `Town${index}`,
      text: `${text} ${word()}`,
    }));
    expect(await dedupe(postings)).toMatchObject({ newJobsCount: 10_000, duplicatesCount: 0 });
  });
});
