import { secretsOf, type StepContext, stepEnvironment } from './step-environment';

const context: StepContext = {
  runId: 'run-1',
  projectId: 'demo',
  scope: 'from:parse',
  attempt: 2,
  stepAttempt: 3,
  params: { docs: 'a "b" $(c)', depth: 3 },
  workDir: '/data/work/demo',
  runDir: '/data/runs/run-1',
  inputsFile: null,
  htmlDir: '/data/html/demo/1',
  currentResult: null,
  outputs: { 'load-all': { rowCount: 12, isNew: false } },
  quota: null,
};
const server = {
  PATH: '/usr/bin',
  HOME: '/home/jobato',
  LANG: 'de_DE.UTF-8',
  JOBATO_ADMIN_TOKEN: 'admin-secret',
  JOBATO_API_KEY: 'api-secret',
  LLM_API_KEY: 'llm-secret',
  NODE_OPTIONS: '--inspect',
};
const bare = { name: 'parse', env: {}, passEnv: [], passPlainEnv: [] };

describe('stepEnvironment', () => {
  it('contains exactly these variables', () =>
    expect(stepEnvironment(bare, context, server)).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/jobato',
      LANG: 'de_DE.UTF-8',
      JOBATO_RUN_ID: 'run-1',
      JOBATO_PROJECT_ID: 'demo',
      JOBATO_STEP: 'parse',
      JOBATO_SCOPE: 'from:parse',
      JOBATO_ATTEMPT: '2',
      JOBATO_STEP_ATTEMPT: '3',
      JOBATO_PARAM_DOCS: 'a "b" $(c)',
      JOBATO_PARAM_DEPTH: '3',
      JOBATO_OUTPUT_LOAD_ALL_ROW_COUNT: '12',
      JOBATO_OUTPUT_LOAD_ALL_IS_NEW: 'false',
      JOBATO_PARAMS: '{"docs":"a \\"b\\" $(c)","depth":3}',
      JOBATO_WORK_DIR: '/data/work/demo',
      JOBATO_RUN_DIR: '/data/runs/run-1',
      JOBATO_HTML_DIR: '/data/html/demo/1',
      JOBATO_EVENTS_FD: '3',
    }));

  it('adds the remaining quota and the inputs file', () => {
    const given = {
      ...context,
      inputsFile: '/data/runs/run-1/inputs.json',
      quota: { remaining: 0, concurrencyLimit: 2 },
    };
    expect(stepEnvironment({ ...bare, env: { JOBATO_QUOTA_REMAINING: '99' } }, given, server)).toEqual({
      ...stepEnvironment(bare, context, server),
      JOBATO_INPUTS_FILE: '/data/runs/run-1/inputs.json',
      JOBATO_QUOTA_REMAINING: '0',
      JOBATO_QUOTA_CONCURRENCY: '2',
    });
  });

  it('adds variables from env, and set variables from passEnv', () => {
    const step = {
      ...bare,
      env: { LOG_LEVEL: 'info' },
      passEnv: ['LLM_API_KEY', 'NOT_SET'],
      passPlainEnv: [],
    };
    const plain = Object.keys(stepEnvironment(bare, context, server));
    const env = stepEnvironment(step, context, server);
    expect(Object.keys(env).sort()).toEqual([...plain, 'LLM_API_KEY', 'LOG_LEVEL'].sort());
    expect(env).toMatchObject({ LLM_API_KEY: 'llm-secret', LOG_LEVEL: 'info' });
  });

  it('lets env override PATH, HOME and LANG', () =>
    expect(
      stepEnvironment({ ...bare, env: { PATH: '/opt', HOME: '/tmp', LANG: 'C' } }, context, server),
    ).toMatchObject({
      PATH: '/opt',
      HOME: '/tmp',
      LANG: 'C',
    }));

  it('prefers env to passEnv', () =>
    expect(
      stepEnvironment(
        { ...bare, env: { LLM_API_KEY: 'fake' }, passEnv: ['LLM_API_KEY'], passPlainEnv: [] },
        context,
        server,
      ).LLM_API_KEY,
    ).toBe('fake'));

  it('does not let env override the run variables', () =>
    expect(
      stepEnvironment({ ...bare, env: { JOBATO_RUN_ID: 'x', JOBATO_EVENTS_FD: '1' } }, context, server),
    ).toMatchObject({ JOBATO_RUN_ID: 'run-1', JOBATO_EVENTS_FD: '3' }));

  it('does not let env or passEnv set a quota or inputs that the run does not have', () => {
    const env = { JOBATO_INPUTS_FILE: '/etc/passwd', JOBATO_QUOTA_REMAINING: '99' };
    expect(
      stepEnvironment({ ...bare, env, passEnv: ['JOBATO_INPUTS_FILE'], passPlainEnv: [] }, context, {
        ...server,
        ...env,
      }),
    ).toEqual(stepEnvironment(bare, context, server));
  });

  it('has default PATH, HOME and LANG if the server has none', () =>
    expect(stepEnvironment(bare, context, {})).toMatchObject({
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: '/',
      LANG: 'C.UTF-8',
    }));
});

describe('secretsOf', () => {
  it('returns the values of all passEnv variables that are set', () =>
    expect(
      secretsOf(
        [{ passEnv: ['LLM_API_KEY', 'NOT_SET'] }, { passEnv: ['JOBATO_API_KEY'] }, { passEnv: [] }],
        server,
      ),
    ).toEqual(['llm-secret', 'api-secret']));
});
