import type { LogLineInput } from '../events/run-event';
import { cutLine } from '../logs/log-line';

/** Small enough for a message, with room for what surrounds it. */
const MAX_BYTES = 256 * 1024;

/** Lines as they are sent, numbered and cut, in portions that each make one message of bounded size. */
export function logPortions(lines: LogLineInput[], firstNumber: number): LogLineInput[][] {
  const portions: LogLineInput[][] = [];
  let current: LogLineInput[] = [];
  let bytes = 0;
  lines.forEach((line, index) => {
    const numbered = { ...line, n: firstNumber + index, text: cutLine(line.text) };
    // As it is spelled, which may take six times the room of the text.
    const size = Buffer.byteLength(JSON.stringify(numbered)) + 1;
    if (current.length > 0 && bytes + size > MAX_BYTES) {
      portions.push(current);
      [current, bytes] = [[], 0];
    }
    current.push(numbered);
    bytes += size;
  });
  if (current.length > 0) portions.push(current);
  return portions;
}
