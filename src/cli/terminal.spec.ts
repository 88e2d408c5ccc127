import { PassThrough } from 'node:stream';
import { Terminal } from './terminal';

const CLEAR = '\r\u001b[2K';
const ABOVE = '\u001b[1A\u001b[2K';
const drawn = (text: string) => `\u001b[?7l${text}\u001b[?7h`;

/** Returns the terminal, and a function that returns what it has written since the previous call. */
function onStream(isTTY: boolean): [Terminal, () => string] {
  const stream = Object.assign(new PassThrough(), { isTTY, hasColors: () => false });
  stream.setEncoding('utf8');
  return [
    new Terminal(stream as unknown as NodeJS.WriteStream),
    () => (stream.read() as string | null) ?? '',
  ];
}

describe('Terminal', () => {
  it('updates an unfinished line in place, above the status', () => {
    const [terminal, written] = onStream(true);
    terminal.openLine('10 %');
    expect(written()).toBe(CLEAR + drawn('10 %'));
    terminal.status('running');
    expect(written()).toBe(CLEAR + drawn('10 %\nrunning'));
    terminal.openLine('20 %');
    expect(written()).toBe(CLEAR + ABOVE + drawn('20 %\nrunning'));
    terminal.logText(['done']);
    expect(written()).toBe(`${CLEAR}${ABOVE}done\n${drawn('20 %\nrunning')}`);
    terminal.openLine('');
    expect(written()).toBe(CLEAR + ABOVE + drawn('running'));
  });

  it('lets an unfinished line change only its own place', () => {
    const [terminal, written] = onStream(true);
    terminal.openLine('a\n\u001b[2J\u001b]0;title\u0007b');
    expect(written()).toBe(CLEAR + drawn('a␊b'));
  });

  it('writes only finished lines to a pipe', () => {
    const [terminal, written] = onStream(false);
    terminal.openLine('10 %');
    terminal.logText(['done']);
    terminal.openLine('');
    expect(written()).toBe('done\n');
  });
});
