import { StepRunner } from './step-runner';

it.each([
  [
    'a variable',
    ['true'],
    { BIG: 'x'.repeat(200_000) },
    'variable BIG with 200005 bytes. More than 131072 bytes for one part are not possible. Pass',
  ],
  [
    'an argument',
    ['true', 'x'.repeat(200_000)],
    { A: 'b' },
    'argument 1 with 200001 bytes. More than 131072 bytes for one part are not possible. Pass',
  ],
  [
    'many arguments',
    ['true', ...Array<string>(100).fill('x'.repeat(100_000))],
    {},
    'argument 1 with 100001 bytes. Pass large data in a file.',
  ],
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
