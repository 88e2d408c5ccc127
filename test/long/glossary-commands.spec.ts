import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import type { Glossary } from '../../src/pipelines/glossary/glossary';

/** The real commands, started as by Jobato and manually. */
const MAIN = path.resolve(__dirname, '../../dist/pipelines/glossary/main.js');

const STEPS = ['extract', 'provisional', 'issues', 'refined'];

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  events: Record<string, unknown>[];
}

describe('glossary commands', () => {
  let root: string;
  const children = new Set<ChildProcess>();

  beforeAll(() => {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: run "npm run build" first.`);
  });
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'glossary-'));
    put(
      'docs/words.md',
      '# Words\n\n- **Lease**: a claim on a run that ends by itself.\n- **Outbox**: the table of events still to be sent.\n',
    );
    put(
      'docs/use.md',
      'The worker renews the lease. A lease ends with its worker. The outbox is emptied by a relay. An outbox helps.\n',
    );
    mkdirSync(path.join(root, 'run'));
  });
  afterEach(() => {
    const left = [...children].filter((child) => child.exitCode === null && child.signalCode === null);
    for (const child of left) child.kill('SIGKILL');
    children.clear();
    rmSync(root, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  function put(name: string, text: string): void {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');

  function start(args: string[], env: NodeJS.ProcessEnv, events: 'pipe' | 'absent' | number): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(events === 'absent' ? [] : [events])],
    });
    children.add(child);
    return child;
  }

  async function outcome(child: ChildProcess): Promise<Outcome> {
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      child.on('close', (code, signal) => resolve([code, signal]));
    });
    const pipe = child.stdio[3] as Readable | null | undefined;
    const [stdout, stderr, lines, [code, signal]] = await Promise.all([
      textOf(child.stdout as Readable),
      textOf(child.stderr as Readable),
      pipe ? textOf(pipe) : '',
      ended,
    ]);
    const events = lines
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { code, signal, stdout, stderr, events };
  }

  const jobato = (params: object = {}): NodeJS.ProcessEnv => ({
    JOBATO_PARAMS: JSON.stringify(params),
    JOBATO_WORK_DIR: 'work',
    JOBATO_RUN_DIR: 'run',
    JOBATO_EVENTS_FD: '3',
  });
  const under = (step: string, params?: object) => outcome(start([step], jobato(params), 'pipe'));
  const byHand = (...args: string[]) => outcome(start(args, {}, 'absent'));

  async function all(params?: object): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const step of STEPS) outcomes.push(await under(step, params));
    expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual(STEPS.map(() => [0, '']));
    return outcomes;
  }

  /**
   * The results of the four commands for the two documents. Created once, because that takes longer than most
   * tests.
   */
  let made: string | undefined;
  let madeWith: Outcome[];
  afterAll(() => rmSync(made ?? '', { recursive: true, force: true }));
  async function alreadyMade(): Promise<Outcome[]> {
    if (made === undefined) {
      madeWith = await all();
      made = mkdtempSync(path.join(tmpdir(), 'glossary-made-'));
      cpSync(root, made, { recursive: true });
    } else {
      cpSync(made, root, { recursive: true });
    }
    return madeWith;
  }

  it('write a glossary and report it on descriptor 3', async () => {
    const outcomes = await alreadyMade();
    const events = outcomes.flatMap((one) => one.events);
    expect(events).toContainEqual({ metrics: { documentsCount: 2 } });
    expect(events).toContainEqual({ progress: { current: 2, total: 2, message: 'Read docs/words.md' } });
    expect(events).toContainEqual({ progress: { current: 1, total: 2, message: 'Refined lease' } });
    expect(outcomes[3]?.events.slice(-3)).toEqual([
      { artifact: { path: 'glossary.json' } },
      { result: { path: 'glossary.json' } },
      { metrics: { documentsCount: 2, termsCount: 2, issuesCount: 0 } },
    ]);
    const glossary = JSON.parse(read('run/glossary.json')) as Glossary;
    expect(glossary).toMatchObject({ format: 'jobato-glossary', version: 1 });
    expect(glossary.terms.map(({ term, definition, sources }) => [term, definition, sources])).toEqual([
      ['lease', 'A claim on a run that ends by itself.', [{ document: 'docs/words.md', line: 3 }]],
      ['outbox', 'The table of events still to be sent.', [{ document: 'docs/words.md', line: 4 }]],
    ]);
    expect(read('run/glossary.md')).toContain('[docs/words.md:3](../docs/words.md#L3)');
    expect(read('work/glossary.json')).toBe(read('run/glossary.json'));
  });

  it('produce the same glossary with plain text output when run manually', async () => {
    await alreadyMade();
    const [docs, place] = [
      ['--docs', 'docs'],
      ['--work', 'w', '--out', 'out'],
    ];
    for (const [step, args] of STEPS.map(
      (name, index) => [name, index === 0 ? [...docs, ...place] : place] as const,
    )) {
      const { code, stdout } = await byHand(step, ...args);
      expect(code).toBe(0);
      expect(stdout).not.toContain('{');
    }
    expect(read('out/glossary.md')).toBe(read('w/glossary.md'));
    expect(read('out/glossary.json')).toBe(read('run/glossary.json'));
  });

  it.each(['3', '99', 'x'])('succeed if descriptor %s is set but not open', async (named) => {
    const { code, stderr } = await outcome(
      start(['extract'], { ...jobato(), JOBATO_EVENTS_FD: named }, 'absent'),
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('not open')]);
  });

  it('fail without documents and keep the last good glossary', async () => {
    await alreadyMade();
    const good = read('work/glossary.md');
    for (const docs of ['empty', 'nowhere']) {
      if (docs === 'empty') mkdirSync(path.join(root, docs));
      const { code, stderr, events } = await under('extract', { docs });
      expect(code).toBe(1);
      expect(stderr).toContain('No documents found');
      expect(events.at(-1)).toEqual({
        error: { code: 'NO_DOCUMENTS', message: expect.stringContaining('No documents found') as string },
      });
    }
    expect(read('work/glossary.md')).toBe(good);
  });

  it('report partial in the first and last step for an unreadable document', async () => {
    writeFileSync(path.join(root, 'docs/binary.md'), Buffer.from([1, 0, 2]));
    const extract = await under('extract');
    expect(extract.code).toBe(0);
    expect(extract.stderr).toContain('docs/binary.md: binary, not text');
    expect(extract.events).toContainEqual({ partial: { reason: 'some-docs-unreadable' } });
    for (const step of ['provisional', 'issues']) await under(step);
    const refined = await under('refined');
    expect(refined.events).toContainEqual({ partial: { reason: 'some-docs-unreadable' } });
    expect(read('run/glossary.md')).toContain('- `docs/binary.md`: binary, not text');
  });

  it('continue from files of an earlier run, even without documents', async () => {
    await alreadyMade();
    const good = read('work/glossary.json');
    rmSync(path.join(root, 'docs'), { recursive: true });
    rmSync(path.join(root, 'work/glossary.json'));
    for (const step of STEPS.slice(1)) expect((await under(step)).code).toBe(0);
    expect(read('work/glossary.json')).toBe(good);
  });

  it('name the step to run first if its output is missing or stale', async () => {
    const missing = await under('issues');
    expect([missing.code, missing.events.at(-1)]).toEqual([
      1,
      {
        error: {
          code: 'MISSING_INPUT',
          message: expect.stringContaining('run the step "provisional" first') as string,
        },
      },
    ]);
    await alreadyMade();
    put(
      'docs/more.md',
      'The relay reads the outbox. The relay sends each event of the outbox. A relay is a loop that sends.\n',
    );
    await under('extract');
    const stale = await under('refined');
    expect([stale.code, stale.events.at(-1)]).toEqual([
      1,
      {
        error: {
          code: 'STALE_INPUT',
          message: expect.stringContaining('run the step "provisional" again first') as string,
        },
      },
    ]);
  });

  it('apply a term list', async () => {
    put('terms.yaml', 'excluded: [leases]\nrequired: [relay, fence]\n');
    await all({ terms: 'terms.yaml' });
    const glossary = JSON.parse(read('run/glossary.json')) as Glossary;
    expect(glossary.terms.map(({ term }) => term)).toEqual(['outbox']);
    expect(glossary.undefinedTerms.map(({ term }) => term)).toEqual(['relay']);
    expect(glossary.missingTerms).toEqual(['fence']);
    put('terms.yaml', 'forbidden: []\n');
    expect((await under('extract', { terms: 'terms.yaml' })).code).toBe(1);
  });

  it('keep the last good glossary when stopped in the middle', async () => {
    await alreadyMade();
    const good = [read('work/glossary.md'), read('work/glossary.json')];
    put('docs/use.md', 'The lease is over. The lease has ended. No outbox is left.\n');
    for (const step of STEPS.slice(0, 3)) await under(step);

    // A full pipe blocks the step at its first progress event: after it has read its input, before it writes.
    const fifo = path.join(root, 'full');
    execFileSync('mkfifo', [fifo]);
    const keeper = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const theirs = openSync(fifo, constants.O_WRONLY);
    fill(keeper);
    const child = start(['refined'], jobato(), theirs);
    const ended = outcome(child);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    const { code, signal, stdout } = await ended;
    closeSync(theirs);
    closeSync(keeper);

    expect(stdout).toContain('Refining');
    expect([code, signal]).toEqual([null, 'SIGTERM']);
    expect([read('work/glossary.md'), read('work/glossary.json')]).toEqual(good);
  });

  it('keep the last good glossary when they cannot write', async () => {
    await alreadyMade();
    const good = read('work/glossary.md');
    rmSync(path.join(root, 'run'), { recursive: true });
    put('run', 'not a folder');
    const { code, events } = await under('refined');
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(read('work/glossary.md')).toBe(good);
  });

  it('never read a generated glossary as a document', async () => {
    await alreadyMade();
    const glossary = read('work/glossary.md');
    for (const folder of ['work', 'run']) rmSync(path.join(root, folder), { recursive: true });
    const terms = async () => {
      expect((await under('extract', { docs: '.' })).code).toBe(0);
      return read('work/terms.json');
    };
    const before = await terms();
    for (const name of ['work/glossary.md', 'run/glossary.md', 'docs/GLOSSARY.md']) put(name, glossary);
    expect(await terms()).toBe(before);
  });

  it('report partial for an unreadable folder', async () => {
    put('docs/closed/a.md', 'A lease is here.');
    chmodSync(path.join(root, 'docs/closed'), 0);
    try {
      const { code, events } = await under('extract');
      expect(code).toBe(0);
      // Root can open every folder.
      if (process.getuid?.() !== 0)
        expect(events).toContainEqual({ partial: { reason: 'some-docs-unreadable' } });
    } finally {
      chmodSync(path.join(root, 'docs/closed'), 0o755);
    }
  });
});

/** Fills the pipe to the last byte. */
function fill(descriptor: number): void {
  for (const size of [65_536, 4096, 1]) {
    for (;;) {
      try {
        writeSync(descriptor, Buffer.alloc(size, 'x'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') break;
        throw error;
      }
    }
  }
}
