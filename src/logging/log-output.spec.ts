import { closeSync, openSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { LogOutput } from './log-output';
import { fileSink, type LogSink, streamSink } from './log-sink';

const notice = (lines: number, trouble: string) => `${lines} dropped: ${trouble}\n`;

/** A sink that succeeds or fails, as set by the test. */
class FakeSink implements LogSink {
  text = '';
  error: string | null = null;
  writes = 0;

  async write(bytes: Buffer) {
    this.writes++;
    if (this.error !== null) return { written: 0, error: this.error };
    this.text += bytes.toString();
    return { written: bytes.length, error: null };
  }
}

describe('LogOutput', () => {
  it('writes the lines of one turn in one write, in order', async () => {
    const sink = new FakeSink();
    const output = new LogOutput(() => sink, notice);
    for (let n = 0; n < 100; n++) output.write(`${n}\n`);
    await output.flushed(1000);
    expect(sink.text).toBe(Array.from({ length: 100 }, (_, n) => `${n}\n`).join(''));
    expect(sink.writes).toBe(1);
  });

  it('drops unwritable lines, continues, and reports once how many were dropped', async () => {
    const sink = new FakeSink();
    const output = new LogOutput(() => sink, notice);
    sink.error = 'ENOSPC';
    for (let n = 0; n < 3; n++) {
      output.write('lost\n');
      await output.flushed(1000);
    }
    sink.error = null;
    output.write('kept\n');
    await output.flushed(1000);
    output.write('on\n');
    await output.flushed(1000);
    expect(sink.text).toBe('kept\n3 dropped: ENOSPC\non\n');
  });

  it('starts a new line after a partial write', async () => {
    const results = [
      { written: 2, error: 'ENOSPC' },
      { written: 5, error: null },
      { written: 5, error: null },
    ];
    const texts: string[] = [];
    const sink: LogSink = {
      write: async (bytes) => {
        texts.push(bytes.toString());
        return results.shift()!;
      },
    };
    const output = new LogOutput(() => sink, notice);
    output.write('torn\n');
    await output.flushed(1000);
    output.write('next\n');
    await output.flushed(1000);
    expect(texts).toEqual(['torn\n', '\nnext\n', '1 dropped: ENOSPC\n']);
  });

  it('limits its buffer for a reader that does not read, and the time it waits to flush', async () => {
    const pipe = new PassThrough({ highWaterMark: 16 });
    const output = new LogOutput(() => streamSink(pipe), notice, 100);
    const line = `${'x'.repeat(19)}\n`;
    output.write(line);
    await new Promise((next) => setImmediate(next)); // the write is in progress, and its reader does not read
    for (let n = 0; n < 50; n++) output.write(line);
    await output.flushed(10);
    let text = '';
    pipe.setEncoding('utf8').on('data', (more: string) => (text += more));
    await output.flushed(1000);
    expect(text).toBe(`${line}45 dropped: standard output is blocked or too slow\n${line.repeat(5)}`);
  });

  it('survives a closed pipe', async () => {
    const pipe = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('closed'), { code: 'EPIPE' })),
    });
    const output = new LogOutput(() => streamSink(pipe), notice);
    for (let n = 0; n < 3; n++) {
      output.write('lost\n');
      await output.flushed(1000);
    }
    expect(pipe.destroyed).toBe(true);
  });

  it('reports a full device as ENOSPC', async () => {
    const full = openSync('/dev/full', 'w');
    try {
      expect(await fileSink(full).write(Buffer.from('lost\n'))).toEqual({ written: 0, error: 'ENOSPC' });
    } finally {
      closeSync(full);
    }
  });
});
