import { EventChannel } from './event-channel';

function failing(code: string): never {
  throw Object.assign(new Error(code), { code });
}

describe('EventChannel', () => {
  it('writes one line per event, in chunks that the pipe accepts', () => {
    let written = '';
    const channel = new EventChannel((chunk) => {
      written += Buffer.from(chunk.subarray(0, 5)).toString();
      return Math.min(5, chunk.length);
    });
    channel.sendOrThrow({ metrics: { termsCount: 1 } });
    channel.sendIfTaken({ progress: { current: 1, total: 2, message: 'ü' } });
    expect(written).toBe(
      '{"metrics":{"termsCount":1}}\n{"progress":{"current":1,"total":2,"message":"ü"}}\n',
    );
  });

  it('waits while the pipe is full, and continues where it stopped', () => {
    let written = '';
    let full = 3;
    const channel = new EventChannel(
      (chunk) => {
        if (written.length === 4 && full-- > 0) failing('EAGAIN');
        const piece = chunk.subarray(0, 4);
        written += Buffer.from(piece).toString();
        return piece.length;
      },
      () => {},
    );
    channel.sendOrThrow({ partial: { reason: 'x' } });
    expect(written).toBe('{"partial":{"reason":"x"}}\n');
  });

  it('drops progress while the pipe is blocked, but completes a partial line', () => {
    let written = '';
    let blocked = false;
    const channel = new EventChannel(
      (chunk) => {
        if (blocked) failing('EAGAIN');
        const piece = chunk.subarray(0, 4);
        written += Buffer.from(piece).toString();
        blocked = true;
        return piece.length;
      },
      () => {},
    );
    channel.sendIfTaken({ progress: { current: 1, total: 2, message: 'a' } });
    channel.sendIfTaken({ progress: { current: 2, total: 2, message: 'b' } });
    expect(written).toBe('{"pr');
    for (let round = 0; round < 40; round += 1) {
      blocked = false;
      channel.sendIfTaken({ n: round });
    }
    expect(written.split('\n')[0]).toBe('{"progress":{"current":1,"total":2,"message":"a"}}');
    expect(written).not.toContain('"b"');
  });

  it('throws if a fact cannot be sent, but not for progress', () => {
    const channel = new EventChannel(() => failing('EPIPE'));
    channel.sendIfTaken({ progress: { current: 1, total: 1, message: '' } });
    expect(() => channel.sendOrThrow({ partial: { reason: 'some-docs-unreadable' } })).toThrow(
      /some-docs-unreadable/,
    );
  });

  it('passes other errors on', () => {
    const channel = new EventChannel(() => failing('EIO'));
    expect(() => channel.sendIfTaken({})).toThrow('EIO');
  });
});
