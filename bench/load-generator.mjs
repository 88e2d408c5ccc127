// Sends requests from a separate process, so that it does not share an event loop with the measured server.
// `load.mjs` starts it, sends it one job and receives one result.
import { connect } from 'node:net';
import { LeanConnection } from './lean-connection.mjs';

process.once('message', (job) => {
  void { requests: sendRequests, readers: readStreams }[job.kind](job).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  );
});
// The parent disconnects after the result, or when it ends.
process.once('disconnect', () => process.exit(0));

/** Opens as many connections as requests in flight; each waits for its response before the next request. */
async function sendRequests({ port, method, paths, body, inFlight, expectedStatus }) {
  const latencies = [];
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(inFlight, paths.length) }, async () => {
      const connection = await LeanConnection.open(port);
      while (next < paths.length) {
        const sentAt = performance.now();
        const { status } = await connection.send(method, paths[next++], body);
        latencies.push(performance.now() - sentAt);
        if (status !== expectedStatus)
          throw new Error(`Answered with ${status} instead of ${expectedStatus}.`);
      }
      connection.close();
    }),
  );
  return { count: latencies.length, ms: performance.now() - startedAt, latencies };
}

/** Reads one run's log with many readers. Reports when all are connected, and when the last one has the last line. */
async function readStreams({ port, runId, readers, lines }) {
  let connected = 0;
  let bytes = 0;
  const lastLine = `"seq":${lines},`;
  const ends = Array.from({ length: readers }, (_, index) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `GET /api/runs/${runId}/logs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n`,
    );
    let tail = '';
    let whole = index === 0 ? [] : null; // the first reader is checked line by line
    let began = false;
    let lastLineAt = null;
    return new Promise((resolve, reject) => {
      socket.on('data', (chunk) => {
        if (!began) {
          began = true;
          if (++connected === readers) process.send({ ready: true });
        }
        bytes += chunk.length;
        whole?.push(chunk);
        if (lastLineAt === null) {
          const seam = tail.slice(-lastLine.length) + chunk.subarray(0, lastLine.length).latin1Slice();
          if (chunk.includes(lastLine) || seam.includes(lastLine)) lastLineAt = Date.now();
        }
        tail = (tail + chunk.subarray(-200).latin1Slice()).slice(-200);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        const lastSeq = Number(/"lastSeq":(\d+)/.exec(tail)?.[1] ?? Number.NaN);
        if (lastSeq !== lines || lastLineAt === null) {
          return reject(new Error(`A stream ended with line ${lastSeq} of ${lines}.`));
        }
        if (whole) checkIds(Buffer.concat(whole).latin1Slice(), lines);
        resolve(lastLineAt);
      });
    });
  });
  return { lastLineAt: Math.max(...(await Promise.all(ends))), bytes };
}

function checkIds(text, lastSeq) {
  let seq = 0;
  for (const [, id] of text.matchAll(/(?:^|\n)id: (\d+)\n/g)) {
    if (Number(id) !== ++seq) throw new Error(`Line ${seq} was expected, line ${id} came.`);
  }
  if (seq !== lastSeq) throw new Error(`${seq} lines came, of ${lastSeq}.`);
}
