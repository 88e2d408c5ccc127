import { addStepStart, type StepStart } from './step-starts';

const add = (starts: StepStart[], attempt: number, step: string, seq: number) =>
  addStepStart(starts, { attempt, step, seq });

it('keeps the first line of each step of each attempt', () => {
  const starts: StepStart[] = [];
  add(starts, 1, 'a', 1);
  add(starts, 1, 'a', 2);
  add(starts, 1, 'b', 3);
  add(starts, 1, 'a', 4);
  add(starts, 2, 'a', 9);
  expect(starts.map(({ attempt, step, seq }) => [attempt, step, seq])).toEqual([
    [1, 'a', 1],
    [1, 'b', 3],
    [2, 'a', 9],
  ]);
});

it('keeps at most 200 steps', () => {
  const starts: StepStart[] = [];
  for (let seq = 1; seq <= 10_000; seq++) add(starts, 1, `step ${seq}`, seq);
  expect(starts).toHaveLength(200);
});
