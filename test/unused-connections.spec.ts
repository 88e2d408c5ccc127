import { once } from 'node:events';
import { connect } from 'node:net';
import { RunningApp } from './support/jobato';

it('a connection without a request does not delay the stop', async () => {
  const jobato = await RunningApp.start({}, { WORKER: 'off' });
  const { port, hostname } = new URL(jobato.url);
  const socket = connect(Number(port), hostname);
  const answers: Buffer[] = [];
  socket.on('data', (answer: Buffer) => answers.push(answer));
  await once(socket, 'connect');
  await jobato.fetch('/api/health/live'); // by now the server has accepted the socket
  await Promise.all([once(socket, 'close'), jobato.stop()]);
  // Otherwise the server would keep it until the header timeout, and then send 408.
  expect(String(Buffer.concat(answers))).toBe('');
});
