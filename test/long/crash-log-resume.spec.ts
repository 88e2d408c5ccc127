import { Belongings, flawsOf, tell, untilQuiet, within } from '../support/crash';
import { nodeStep, type ServerProcess } from '../support/jobato';
import { readSse } from '../support/sse';

const LINES = 20_000;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);

const belongings = new Belongings();
afterEach(() => belongings.clear());

interface Line {
  seq: number;
  text: string;
}

/** Continues reading at the current line, and leaves after a number of lines or when the connection breaks. */
async function readOn(
  server: ServerProcess,
  runId: string,
  lines: Line[],
  leaveAfter: number,
): Promise<boolean> {
  const after = lines.at(-1)?.seq ?? 0;
  const resume: Record<string, string> = after === 0 ? {} : { 'last-event-id': String(after) };
  let read = 0;
  try {
    for await (const { event, id, data } of readSse(`${server.url}/api/runs/${runId}/logs`, resume)) {
      if (event === 'end') return true;
      if (event !== 'log') continue;
      const line = JSON.parse(data) as Line;
      expect(Number(id)).toBe(line.seq);
      lines.push(line);
      if (++read >= leaveAfter) return false;
    }
  } catch (error) {
    if (!/terminated|fetch failed|socket|ECONN/i.test(String(error))) throw error;
  }
  return false;
}

it(`a reconnecting reader receives every line once, even across a crash (CRASH_SEED=${SEED})`, async () => {
  let state = SEED + 1;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  // The first attempt writes half of its lines and waits for the kill; the second writes them all.
  const program = `
    const attempt = process.env.JOBATO_ATTEMPT;
    const last = attempt === '1' ? ${LINES / 2} : ${LINES};
    let line = 0;
    const write = () => {
      for (let i = 0; i < 100 && line < last; i++) console.log('attempt ' + attempt + ' line ' + ++line);
      if (line < last) setTimeout(write, 5);
      else if (attempt === '1') { console.log('half'); setInterval(() => 0, 60000); }
    };
    write();`;
  const folders = belongings.makeFolders({ long: nodeStep('long', program, 'retry: { maxAttempts: 2 }\n') });
  const first = await belongings.start(folders);
  const { runId } = await first.trigger('long');
  const lines: Line[] = [];
  let cuts = 0;
  let isKilled = false;
  const followed = (async () => {
    // On a busy machine, the kill may come before a quarter is read; then the second life must deliver the rest.
    while (lines.length < LINES / 4 && !isKilled) {
      await readOn(first, runId, lines, 1 + random(1500));
      cuts++;
    }
    await readOn(first, runId, lines, Number.POSITIVE_INFINITY);
  })();
  await first.untilLogged(runId, 'half');
  isKilled = true;
  await first.end('SIGKILL');
  await followed;

  const second = await belongings.start(folders);
  await within(
    25_000,
    'the end of the log',
    (async () => {
      while (!(await readOn(second, runId, lines, 1 + random(3000)))) cuts++;
    })(),
  );
  tell(`${lines.length} lines through ${cuts} cuts and a crash`);

  expect((await second.get(runId)).status).toBe('completed');
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
  const texts = (attempt: number) =>
    lines.map(({ text }) => text).filter((text) => text.startsWith(`attempt ${attempt} `));
  const numbered = (attempt: number, count: number) =>
    Array.from({ length: count }, (_, index) => `attempt ${attempt} line ${index + 1}`);
  expect(texts(1)).toEqual(numbered(1, LINES / 2));
  expect(texts(2)).toEqual(numbered(2, LINES));
  await untilQuiet(folders);
  expect(flawsOf(folders)).toEqual([]);
});
