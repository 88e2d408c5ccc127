import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { closePipe, closeWriteEnd, readEndOf, StepPipes } from './step-pipes';

describe('StepPipes', () => {
  let dataDir: string;
  beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'jobato-pipes-'))));
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('creates pipes that end when the last writer closes them', async () => {
    const [pipe] = (await new StepPipes({ dataDir }).take(1))!;
    const read = text(readEndOf(pipe!));
    writeSync(pipe!.writeEnd, 'one ');
    writeFileSync(`/proc/self/fd/${pipe!.writeEnd}`, 'two');
    closeWriteEnd(pipe!);
    await expect(read).resolves.toBe('one two');
  });

  it('creates as many as needed at the same time, each a separate one', async () => {
    const pipes = new StepPipes({ dataDir });
    const taken = (await Promise.all(Array.from({ length: 50 }, () => pipes.take(3)))).flatMap(
      (three) => three!,
    );
    taken.forEach(({ writeEnd }, index) => {
      writeSync(writeEnd, String(index));
      closeSync(writeEnd);
    });
    expect(taken.map(({ readEnd }) => readFileSync(readEnd, 'utf8'))).toEqual(
      taken.map((_, index) => String(index)),
    );
    for (const { readEnd } of taken) closeSync(readEnd);
  });

  it('deletes what a killed process left, and its own at the end', async () => {
    mkdirSync(join(dataDir, 'pipes'));
    writeFileSync(join(dataDir, 'pipes', '1-1'), '');
    const pipes = new StepPipes({ dataDir });
    pipes.onModuleInit();
    expect(existsSync(join(dataDir, 'pipes'))).toBe(false);
    (await pipes.take(1))!.forEach(closePipe);
    expect(existsSync(join(dataDir, 'pipes'))).toBe(true);
    pipes.onApplicationShutdown();
    expect(existsSync(join(dataDir, 'pipes'))).toBe(false);
  });

  it('continues after its folder was deleted', async () => {
    const pipes = new StepPipes({ dataDir });
    (await pipes.take(1))!.forEach(closePipe);
    rmSync(join(dataDir, 'pipes'), { recursive: true });
    const again = await pipes.take(1);
    expect(again).not.toBeNull();
    again!.forEach(closePipe);
  });

  it('returns null if no pipe can be created, so that the step starts without', async () => {
    writeFileSync(join(dataDir, 'pipes'), 'not a folder');
    await expect(new StepPipes({ dataDir }).take(3)).resolves.toBeNull();
  });
});
