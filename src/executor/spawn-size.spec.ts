import { StepRunner } from './step-runner';

it.each([
  ['a variable', ['true'], { BIG: 'x'.repeat(200_000) }, 'variable BIG with 200005 bytes'],
  ['an argument', ['true', 'x'.repeat(200_000)], { A: 'b' }, 'argument 1 with 200001 bytes'],
])('reports the size of %s if a step is too large to start', async (_what, command, env, largest) => {
  const runner = new StepRunner(undefined as never, { take: () => Promise.resolve(null) } as never);
  const exit = await runner.run({
    command,
    env: env,
    workingDir: '/',
    mergeOutput: false,
    timeoutSeconds: null,
    stop: new AbortController().signal,
    output: undefined as never,
  });
  expect(exit).toEqual({
    kind: 'not-started',
    message: expect.stringMatching(
      /^The step could not be started because its command and environment take \d+ bytes, more/,
    ),
  });
  expect(exit).toMatchObject({ message: expect.stringContaining(largest) });
});
