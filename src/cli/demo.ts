import { join, relative } from 'node:path';
import { readEnvironment } from '../config/environment';
import type { RunView } from '../runs/run-view';
import { DemoServer } from './demo-server';
import { CliFailure, EXIT } from './failures';
import type { JobatoClient } from './jobato-client';
import { follow, type Followed } from './run-follower';
import { ServerRefusal } from './server-refusal';
import { Terminal } from './terminal';
import { oneLine } from './terminal-text';

const SHOWN_TERMS = 5;
const LONGEST_DEFINITION = 160;

/**
 * The part of glossary.json that the demo shows. Pipelines are separate programs, so this file format is the only
 * interface.
 */
interface Glossary {
  terms: {
    term: string;
    definition: string;
    sources: { document: string; line: number }[];
    occurrencesCount: number;
  }[];
}

export interface DemoOptions {
  /** Exit when the last run ends. */
  once?: boolean;
  /** The project to run; the default project without it. */
  project?: string;
}

/** What the demo runs of the projects that come with Jobato. */
const STORIES: Record<string, Story> = {
  // All documents of this checkout: the README and docs.
  glossary: {
    about: 'building a glossary of its own docs',
    runs: 1,
    params: { docs: '.' },
    resultPage: 'result',
  },
  // The second run shows what is new since the first.
  'job-search': {
    about: 'searching recorded job postings, twice',
    runs: 2,
    params: {},
    resultPage: 'results',
  },
};

const ANY_PROJECT = { runs: 1, params: {}, resultPage: 'result' } as const;

interface Story {
  about: string;
  runs: number;
  params: Record<string, string>;
  /** The page of the project that shows its live result: its start, or its rows. */
  resultPage: 'result' | 'results';
}

/** Starts the server and runs a project of it, shows progress and results, and keeps serving. */
export async function demo({ once = false, project }: DemoOptions): Promise<number> {
  const terminal = new Terminal(process.stdout);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());

  const server = await DemoServer.start(readEnvironment(process.env), stop.signal);
  if (server === null) return EXIT.interrupted;
  try {
    const { client } = server;
    const projectId = project ?? (await defaultProject(client));
    const story = Object.hasOwn(STORIES, projectId)
      ? STORIES[projectId]!
      : { ...ANY_PROJECT, about: `running project ${projectId}` };
    terminal.remark(`Jobato is running at ${client.url} and is ${story.about}.`, '');
    let last: Followed | null = null;
    for (let count = 0; count < story.runs; count++) {
      if (last !== null) terminal.remark('');
      last = await follow(client, await start(client, projectId, story.params), terminal, stop.signal);
      if (stop.signal.aborted) return EXIT.interrupted;
      await tellResult(terminal, server, last.run, story.resultPage);
      if (last.exitCode !== EXIT.done) break;
    }
    const { run, exitCode } = last!;
    if (once) return exitCode;
    terminal.remark(
      '',
      `Open ${client.pageOf(run.runId)}`,
      `Press Ctrl-C to stop the server. Its log is in ${shortPath(server.logFile)}.`,
    );
    await Promise.race([server.ended, aborted(stop.signal)]);
    if (!stop.signal.aborted) throw new CliFailure(server.whyItEnded(), EXIT.notCompleted);
    terminal.remark('', 'Stopping.');
    return EXIT.done;
  } finally {
    await server.stop();
  }
}

async function defaultProject(client: JobatoClient): Promise<string> {
  const projects = await client.projects();
  const project =
    projects.find((candidate) => candidate.default) ?? (projects.length === 1 ? projects[0] : undefined);
  if (!project)
    throw new CliFailure(
      'No default project is set. Add "default: true" to one project file.',
      EXIT.notCompleted,
    );
  return project.projectId;
}

/** Starts a run, or returns the active one from an earlier demo. */
async function start(
  client: JobatoClient,
  projectId: string,
  wanted: Record<string, string>,
): Promise<RunView> {
  const { params: known } = await client.project(projectId);
  const params = Object.fromEntries(Object.entries(wanted).filter(([name]) => Object.hasOwn(known, name)));
  try {
    return await client.trigger(projectId, { params, triggeredBy: 'api' });
  } catch (error) {
    const activeRunId = error instanceof ServerRefusal ? error.problem?.activeRunId : undefined;
    if (activeRunId === undefined) throw error;
    return client.run(activeRunId);
  }
}

async function tellResult(
  terminal: Terminal,
  { client, dataDir }: DemoServer,
  run: RunView,
  page: Story['resultPage'],
): Promise<void> {
  if (run.result?.state === 'accepted')
    terminal.remark('', `Live result: ${run.result.name}, ${client.url}/projects/${run.projectId}/${page}`);
  if (run.artifacts.length === 0) return;
  terminal.remark('', 'Artifacts:');
  for (const { name } of run.artifacts)
    terminal.remark(`  ${shortPath(join(dataDir, 'runs', run.runId, name))}`);
  const glossary = run.artifacts.find(({ name }) => name === 'glossary.json');
  if (!glossary) return;
  const { terms } = JSON.parse(await client.artifact(glossary.href)) as Glossary;
  if (terms.length === 0) return;
  const mostUsed = terms.toSorted((a, b) => b.occurrencesCount - a.occurrencesCount).slice(0, SHOWN_TERMS);
  terminal.remark('', `Most used of ${terms.length} terms:`);
  for (const { term, definition, sources } of mostUsed) {
    const [source] = sources;
    terminal.remark(
      `  ${terminal.styled('bold', oneLine(term))}  ${shortened(oneLine(definition))}` +
        (source ? terminal.styled('dim', `  ${oneLine(source.document)}:${source.line}`) : ''),
    );
  }
}

function shortened(text: string): string {
  return text.length <= LONGEST_DEFINITION ? text : `${text.slice(0, LONGEST_DEFINITION - 1).trimEnd()}…`;
}

function shortPath(path: string): string {
  const short = relative('.', path);
  return short.startsWith('..') ? path : short;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
