import type { LogTail } from './log-tail';

/** Yields the lines after `after`, up to and including `lastSeq`, as text with one line each. */
export async function* logText(
  tail: Pick<LogTail, 'readAfter'>,
  runId: string,
  after: number,
  lastSeq: number,
): AsyncGenerator<Buffer> {
  let seq = after;
  while (seq < lastSeq) {
    const chunk = await tail.readAfter(runId, seq);
    if (!chunk) return;
    const lines = chunk.after(seq).filter((line) => line.seq <= lastSeq);
    yield Buffer.from(lines.map(({ text }) => `${text}\n`).join(''));
    seq = chunk.lastSeq;
  }
}
