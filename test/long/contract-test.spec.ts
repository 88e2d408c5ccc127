import { join } from 'node:path';
import { CliProcess } from '../support/cli-process';
import { RedisServer } from '../support/redis';

const BAD_WORKER = `${JSON.stringify(process.execPath)} ${JSON.stringify(join(__dirname, '..', 'support', 'bad-worker.mjs'))}`;

interface Found {
  holds: boolean;
  paces: {
    pace: string;
    checks: { outcome: string; what: string; detail: string | null; remedy: string | null }[];
  }[];
}

const start = (redis: RedisServer, args: string[], environment: Record<string, string> = {}) =>
  CliProcess.start('bin/jobato.mjs', ['contract-test', '--redis', redis.url, ...args], environment);

/** Tests one fault with a separate Redis, so that several can run at once. */
async function tryOut(fault: string) {
  const redis = await RedisServer.start();
  try {
    const { exitCode, stdout, stderr } = await start(
      redis,
      [
        ...['--project', 'jobs', '--worker-command', BAD_WORKER, '--json'],
        ...['--timeout-seconds', '5', '--grace-seconds', '0.5', '--settle-seconds', '0.5'],
      ],
      { FAULT: fault },
    ).ended;
    const left = await redis.client().xlen('ml:run-events');
    return { exitCode, stdout, stderr, left, found: JSON.parse(stdout) as Found };
  } finally {
    await redis.end();
  }
}

const failuresOf = ({ paces }: Found) =>
  paces.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === 'fails').map(({ what }) => what));

describe('contract test of workers with known faults', () => {
  it.concurrent('passes a worker without faults', async () => {
    const { exitCode, found, stderr, left } = await tryOut('none');
    expect(failuresOf(found)).toEqual([]);
    expect({ exitCode, holds: found.holds }).toEqual({ exitCode: 0, holds: true });
    expect(stderr).toContain('✓ stops on request: run.cancelled after');
    expect(stderr).toContain('– handles requests that arrived while it was stopped');
    expect(stderr).toContain('All checks passed');
    expect(left).toBe(0); // all entries of the test are deleted
  });

  const faults: [fault: string, noticed: string[]][] = [
    ['does-it-twice', ['executes a run once despite repeated requests', 'ends each run once']],
    ['dies-of-version-2', ['handles the next run after an event of version 2']],
    ['dies-of-malformed', ['handles the next run after malformed entries']],
    ['takes-every-project', ['ignores runs of other projects']],
    [
      'says-attempt-1',
      ['copies the attempt from run.requested', 'handles the next attempt of the interrupted run'],
    ],
    ['never-stops', ['stops on request']],
    ['breaks-its-lease', ['sends heartbeats within its lease']],
    ['says-local-time', ['sends correct times in UTC']],
    ['sends-rubbish', ['sends only valid events']],
  ];
  it.concurrent.each(faults)('reports only the fault of a worker that %s', async (fault, noticed) => {
    const { exitCode, found, stderr } = await tryOut(fault);
    expect({ exitCode, holds: found.holds }).toEqual({ exitCode: 1, holds: false });
    expect(failuresOf(found)).toEqual(noticed);
    for (const what of noticed) expect(stderr).toContain(`✗ ${what}: `);
    expect(stderr).toMatch(/^ {4}→ [A-Z]/m);
    if (fault === 'dies-of-version-2') {
      // The report says how the worker ended, and the remaining tests use a new worker.
      expect(stderr).toContain('the worker ended with exit code 1');
      expect(stderr).toContain('what is version 2?');
      expect(stderr).toContain('✓ handles the next run after malformed entries');
    }
  });
});

describe('contract test command', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.end());

  it('fails for a silent worker and explains possible causes', async () => {
    const { exitCode, stdout } = await start(redis, ['--project', 'unattended', '--timeout-seconds', '0.3'])
      .ended;
    expect(exitCode).toBe(1);
    expect(stdout).toContain('✗ ends the run after run.requested: it sent nothing within 0.3 s');
    expect(stdout).toContain('projectId "unattended"');
    expect(stdout).toContain('– not tested: the worker no longer responds');
  });

  it('refuses a stream in use by Jobato unless forced', async () => {
    const client = redis.client();
    await client.xgroup('CREATE', 'ours', 'jobato-api', '0', 'MKSTREAM');
    await client.xgroup('CREATECONSUMER', 'ours', 'jobato-api', 'api-1');
    const args = ['--project', 'unattended', '--stream', 'ours', '--timeout-seconds', '0.2'];
    const refused = await start(redis, args).ended;
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('A Jobato server reads the stream ours (api-1)');
    expect(await client.xlen('ours')).toBe(0);
    const forced = await start(redis, [...args, '--force', '--keep']).ended;
    expect(forced.exitCode).toBe(1);
    expect(await client.xlen('ours')).toBeGreaterThan(0);
  });

  it('stops its worker when interrupted', async () => {
    const cli = start(
      redis,
      ['--project', 'jobs', '--worker-command', BAD_WORKER, '--stream', 's-interrupted'],
      {
        FAULT: 'never-stops',
      },
    );
    await cli.says('One run');
    cli.child.kill('SIGINT');
    expect((await cli.ended).exitCode).toBe(130);
    expect(await redis.client().client('LIST')).not.toMatch(/cmd=xread/);
  });

  it('reports a missing Redis in one line without credentials', async () => {
    const args = ['contract-test', '--redis', 'redis://:secret@127.0.0.1:1', '--project', 'jobs'];
    const { exitCode, stderr } = await CliProcess.start('bin/jobato.mjs', args, {}).ended;
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^Cannot connect to Redis at 127\.0\.0\.1:1 \(.+\)\.\n$/);
    expect(stderr).not.toContain('secret');
  });

  it('rejects invalid arguments', async () => {
    for (const args of [['--timeout-seconds', '0'], ['--payload', '[1]'], []]) {
      const { exitCode } = await start(redis, args).ended;
      expect(exitCode).toBe(2);
    }
  });
});
