import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { stringify } from 'yaml';

export const STEPS = ['search', 'capture', 'dedupe', 'score', 'publish'] as const;
export type StepName = (typeof STEPS)[number];

const MAIN = resolve('dist/pipelines/job-search/main.js');

/** What a step reports on descriptor 3. */
export interface StepFacts {
  metrics: Record<string, number>;
  /** Calls against the quota. */
  calls: number;
  partial: string | null;
  error: { code: string; message: string } | null;
  result: string | null;
  /** Null if the step reported no list. */
  zeroResults: { queryText: string; domain: string }[] | null;
}

export interface EndedProgram {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  facts: StepFacts;
}

export interface Search {
  queryId: string;
  queryText: string;
  domain: string;
}

/** A run of the project with the built programs, without a server. */
export class JobSearchRun {
  readonly base = mkdtempSync(join(tmpdir(), 'job-search-'));
  readonly runDir = join(this.base, 'run');
  readonly htmlDir = join(this.base, 'html');
  readonly env: Record<string, string> = {};
  /** Options of each program. */
  options = ['--allow-private-addresses', '--retry-delay-ms', '10'];

  constructor(
    searches: Search[],
    sources: object[] | 'sample',
    private readonly runId = 'run-1',
  ) {
    this.startAttempt();
    writeFileSync(join(this.base, 'inputs.json'), JSON.stringify(searches));
    if (sources !== 'sample') {
      writeFileSync(join(this.base, 'sources.yaml'), stringify({ sources }));
      this.options.push('--sources', join(this.base, 'sources.yaml'));
    }
  }

  /** An attempt starts with an empty folder. */
  startAttempt(): void {
    rmSync(this.runDir, { recursive: true, force: true });
    mkdirSync(this.runDir);
  }

  /** @param kill when it settles, SIGKILL ends the program, if it is still there */
  async run(step: StepName, kill?: Promise<unknown>): Promise<EndedProgram> {
    const child = spawn(process.execPath, [MAIN, step, ...this.options], {
      env: {
        PATH: process.env.PATH,
        JOBATO_RUN_ID: this.runId,
        JOBATO_RUN_DIR: this.runDir,
        JOBATO_HTML_DIR: this.htmlDir,
        JOBATO_INPUTS_FILE: join(this.base, 'inputs.json'),
        JOBATO_EVENTS_FD: '3',
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    void kill?.then(() => child.kill('SIGKILL'));
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((done) =>
      child.on('close', (exitCode, signal) => done([exitCode, signal])),
    );
    const [out, err, events] = await Promise.all(
      [child.stdout, child.stderr, child.stdio[3] as Readable].map((stream) => text(stream!)),
    );
    const [exitCode, signal] = await ended;
    return { exitCode, signal, output: `${out}${err}`, facts: factsFrom(events!) };
  }

  /** Runs steps, each of which must succeed. Returns the facts of all of them. */
  async runAll(steps: readonly StepName[] = STEPS): Promise<StepFacts> {
    let all = factsFrom('');
    for (const step of steps) {
      const { exitCode, output, facts } = await this.run(step);
      if (exitCode !== 0) throw new Error(`${step} exited with ${exitCode}: ${output}`);
      all = merged(all, facts);
    }
    return all;
  }

  /** Returns the content of a file that a step hands over. */
  file<Content>(name: string): Content {
    return (JSON.parse(readFileSync(join(this.runDir, name), 'utf8')) as { content: Content }).content;
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** A kill can cut the last line. */
function factsFrom(events: string): StepFacts {
  const facts: StepFacts = {
    metrics: {},
    calls: 0,
    partial: null,
    error: null,
    result: null,
    zeroResults: null,
  };
  for (const line of events.split('\n').slice(0, -1)) {
    const report = JSON.parse(line) as {
      metrics?: Record<string, number>;
      quota?: { used: number };
      partial?: { reason: string };
      error?: { code: string; message: string };
      result?: { path: string };
      zeroResults?: NonNullable<StepFacts['zeroResults']>;
    };
    Object.assign(facts.metrics, report.metrics);
    facts.calls += report.quota?.used ?? 0;
    facts.partial = report.partial?.reason ?? facts.partial;
    facts.error = report.error ?? facts.error;
    facts.result = report.result?.path ?? facts.result;
    if (report.zeroResults) facts.zeroResults = [...(facts.zeroResults ?? []), ...report.zeroResults];
  }
  return facts;
}

/** As the server does: the first reason counts. */
function merged(before: StepFacts, after: StepFacts): StepFacts {
  return {
    metrics: { ...before.metrics, ...after.metrics },
    calls: before.calls + after.calls,
    partial: before.partial ?? after.partial,
    error: after.error ?? before.error,
    result: after.result ?? before.result,
    zeroResults: after.zeroResults ?? before.zeroResults,
  };
}
