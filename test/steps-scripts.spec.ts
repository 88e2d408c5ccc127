import { RunningApp } from './support/jobato';

const script = (id: string, text: string, more = '') =>
  `id: ${id}\n${more}steps:\n  - name: work\n    run: |\n${text.replace(/^/gm, '      ')}\n`;

describe('step with a script', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        lines: script('lines', 'for word in one "two three"; do\n  echo "$word in $JOBATO_STEP"\ndone'),
        fails: script('fails', 'false\necho not reached'),
        pipe: script('pipe', 'exit 3 | cat\necho not reached'),
        unset: script('unset', 'no-such-program'),
        exits: script('exits', 'exit 7'),
        interpreter: `${script('interpreter', 'const [a] = [3.10];\nconsole.log(a, process.argv.length)')}    shell: [${JSON.stringify(process.execPath)}]\n`,
        variables: `${script('variables', 'echo "$PY $MODE $PLAIN $SECRET"', 'env: { PY: 3.10, MODE: 0755 }\npassEnv: [SECRET]\npassPlainEnv: [PLAIN]\n')}`,
        home: `${script('home', 'pwd')}    workingDir: "~"\n`,
      },
      { PLAIN: 'plain-value', SECRET: 'secret-value', HOME: '/' },
    );
  });
  afterAll(() => jobato.stop());

  async function run(projectId: string) {
    const { runId } = await jobato.trigger(projectId);
    const ended = await jobato.untilEnded(runId);
    const log = await (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
    return { status: ended.status, exitCode: ended.steps[0]!.exitCode, log };
  }

  it('runs all its lines in one shell', async () =>
    expect(await run('lines')).toEqual({
      status: 'completed',
      exitCode: 0,
      log: 'one in work\ntwo three in work\n',
    }));

  it('stops at the first command that fails', async () =>
    expect(await run('fails')).toEqual({ status: 'failed', exitCode: 1, log: '' }));

  it('fails if a command within a pipe fails', async () =>
    expect(await run('pipe')).toEqual({ status: 'failed', exitCode: 3, log: '' }));

  it('ends with the exit code of the script', async () =>
    expect(await run('exits')).toMatchObject({ status: 'failed', exitCode: 7 }));

  it('is named in the error messages of its shell', async () => {
    const { exitCode, log } = await run('unset');
    expect({ exitCode, log }).toEqual({
      exitCode: 127,
      log: expect.stringMatching(/^work: line 1: no-such-program: .*not found\n$/),
    });
  });

  it('can be in another language', async () =>
    expect(await run('interpreter')).toEqual({ status: 'completed', exitCode: 0, log: '3.1 1\n' }));

  it('gets the variables of the project, with secrets masked', async () =>
    expect(await run('variables')).toMatchObject({ log: '3.10 0755 plain-value ***\n' }));

  it('can run in the home of the user', async () => expect(await run('home')).toMatchObject({ log: '/\n' }));
});
