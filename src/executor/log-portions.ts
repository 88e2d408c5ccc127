import type { LogLineInput } from '../events/run-event';
import { cutLine } from '../logs/log-line';

/** Small enough for one message, including its envelope. */
const MAX_BYTES = 256 * 1024;

/** Numbers and cuts lines, and splits them into batches that each fit into one message. */
export function logPortions(lines: LogLineInput[], firstNumber: number): LogLineInput[][] {
  const portions: LogLineInput[][] = [];
  let current: LogLineInput[] = [];
  let bytes = 0;
  lines.forEach((line, index) => {
    const numbered = { ...line, ...(!line.open && { n: firstNumber + index }), text: cutLine(line.text) };
    // Measure the JSON text, which may be six times as long as the line.
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
