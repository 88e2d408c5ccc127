import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { RunView } from '../src/runs/run-view';
import { CliProcess } from './support/cli-process';
import { nodeStep, RunningApp } from './support/jobato';

const PROGRAM = join(__dirname, '..', 'bin', 'jobato.mjs');
const GRAPH = `id: graph
name: "Graph\\e[2J of steps"
tags: [slow]
params:
  day: { type: string, default: "1", description: Which day }
steps:
  - { name: load, command: ["true"] }
  - { name: report, command: ["true"] }
`;
const NASTY = `id: nasty
steps:
  - name: write
    run: |
      cd "$JOBATO_RUN_DIR"
      for name in '$(touch pwned)' 'two words'; do
        : > "$name"
        printf '{"artifact":{"path":"%s"}}\\n' "$name" >&3
      done
`;

describe('completion', () => {
  let jobato: RunningApp;
  let folder: string;
  let run: RunView;
  let environment: Record<string, string>;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      graph: GRAPH,
      nasty: NASTY,
      endless: nodeStep('endless', 'setInterval(() => {}, 1000)'),
    });
    for (const project of ['graph', 'nasty']) await jobato.untilEnded((await jobato.trigger(project)).runId);
    run = await jobato.trigger('endless');
    folder = mkdtempSync(join(tmpdir(), 'jobato-completion-'));
    mkdirSync(join(folder, 'bin'));
    const program = `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`;
    writeFileSync(join(folder, 'bin', 'jobato'), program, { mode: 0o755 });
    environment = {
      PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
      HOME: folder,
      JOBATO_URL: jobato.url,
    };
  });
  afterAll(async () => {
    await jobato.stop();
    rmSync(folder, { recursive: true });
  });

  /** Returns the lines that a program of a shell prints. The server is in this process, so it must not be blocked. */
  const inShell = async (shell: string, ...args: string[]): Promise<string[]> => {
    const { stdout, stderr } = await promisify(execFile)(shell, args, { cwd: folder, env: environment });
    expect(stderr).toBe('');
    return stdout.split('\n').slice(0, -1);
  };

  const complete = async (...words: string[]) => {
    const { exitCode, stdout, stderr } = await CliProcess.start(
      'bin/jobato.mjs',
      ['__complete', '--', ...words],
      { JOBATO_URL: jobato.url },
    ).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout.split('\n').slice(0, -1);
  };

  it('knows projects, runs, steps, scopes, params, tags and artifacts', async () => {
    const expected: [words: string[], lines: unknown[]][] = [
      [['trigger', 'g'], ['graph\tGraph of steps']],
      [
        ['show', 'graph'],
        ['graph\tGraph of steps', expect.stringMatching(/^graph\/1\tcompleted, 20\d\d-/)],
      ],
      [['show', 'graph#'], [expect.stringMatching(/^graph#1\tcompleted/)]],
      [['show', run.runId.slice(0, 30)], [expect.stringContaining(`${run.runId}\trunning`)]],
      [['cancel', ''], [expect.stringMatching(/^endless\/1\trunning/)]],
      [
        ['rerun', 'graph/1', '--from', ''],
        ['load\t', 'report\t'],
      ],
      [['rerun', 'graph', '--only=re'], ['--only=report\t']],
      [
        ['trigger', 'graph', '--scope', 'only:'],
        ['only:load\t', 'only:report\t'],
      ],
      [['trigger', 'graph', '--param', ''], ['day=\tWhich day']],
      [['projects', '--tag', ''], ['slow\t']],
      [['artifacts', 'nasty', '--download', 't'], ['two words\t']],
      [['validate', ''], [':files']],
    ];
    const found = await Promise.all(expected.map(([words]) => complete(...words)));
    expect(found).toEqual(expected.map(([, lines]) => lines));
  });

  it('has no suggestions and no error without a server', async () => {
    const offline = CliProcess.start('bin/jobato.mjs', ['__complete', '--', 'trigger', ''], {
      JOBATO_URL: 'http://127.0.0.1:1',
    });
    expect(await offline.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('is not in the list of commands', async () => {
    const { stdout } = await CliProcess.start('bin/jobato.mjs', ['--help'], {}).ended;
    expect(stdout).toMatch(/^ +completion <shell>/m);
    expect(stdout).not.toContain('__complete');
  });

  describe('in bash', () => {
    /** Calls the function as bash does, with the line divided at COMP_WORDBREAKS. */
    const reply = (line: string, ...words: string[]) => {
      const script = `
        source <(jobato completion bash)
        COMP_LINE=$1 COMP_POINT=\${#1}; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _jobato jobato "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\\n' "\${COMPREPLY[@]}"`;
      return inShell('bash', '-c', script, 'bash', line, ...words);
    };

    it('completes commands, projects and runs', async () => {
      const lines = [['tri'], ['trigger', ''], ['show', 'graph/'], ['nonsense', '']];
      const replies = lines.map((words) => reply(['jobato', ...words].join(' '), 'jobato', ...words));
      expect(await Promise.all(replies)).toEqual([
        ['trigger'],
        ['endless', 'graph', 'nasty'],
        ['graph/1'],
        [''],
      ]);
    });

    it('completes behind : and =, at which bash divides words', async () => {
      const start = 'jobato trigger graph --scope';
      const words = ['jobato', 'trigger', 'graph', '--scope'];
      const replies = [
        reply(`${start} only:re`, ...words, 'only', ':', 're'),
        reply(`${start} only:`, ...words, 'only', ':'),
        reply(`${start}=from:r`, ...words, '=', 'from', ':', 'r'),
        reply(`${start} on`, ...words, 'on'),
        reply('jobato rerun graph --param day=', 'jobato', 'rerun', 'graph', '--param', 'day', '='),
      ];
      expect(await Promise.all(replies)).toEqual([
        ['report'],
        ['load', 'report'],
        ['report'],
        ['only:load', 'only:report'],
        [''],
      ]);
    });

    it('quotes names, so that none becomes code', async () => {
      const words = ['jobato', 'artifacts', 'nasty', '--download', ''];
      expect(await reply(words.join(' '), ...words)).toEqual(['\\$\\(touch\\ pwned\\)', 'two\\ words']);
    });
  });

  const inZsh = spawnSync('zsh', ['--version']).error ? it.skip : it;
  inZsh('is a function that zsh loads', async () => {
    const load = 'autoload -U compinit; compinit -D; source <(jobato completion zsh); print $_comps[jobato]';
    expect(await inShell('zsh', '-f', '-c', load)).toEqual(['_jobato']);
  });

  const inFish = spawnSync('fish', ['--version']).error ? it.skip : it;
  inFish('completes in fish, with descriptions', async () => {
    const suggest = (line: string) =>
      inShell('fish', '-N', '-c', `jobato completion fish | source; complete -C '${line}'`);
    expect(await suggest('jobato trigger g')).toEqual(['graph\tGraph of steps']);
    expect(await suggest('jobato rerun graph --from ')).toEqual(['load', 'report']);
  });
});
