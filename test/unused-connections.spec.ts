import { once } from 'node:events';
import { connect } from 'node:net';
import { RunningApp } from './support/jobato';

it('a connection that never sent a request does not hold up the stop', async () => {
  const jobato = await RunningApp.start({}, { WORKER: 'off' });
  const { port, hostname } = new URL(jobato.url);
  const socket = connect(Number(port), hostname);
  const answers: Buffer[] = [];
  socket.on('data', (answer: Buffer) => answers.push(answer));
  await once(socket, 'connect');
  await jobato.fetch('/api/health/live'); // by now the server has accepted it
  await Promise.all([once(socket, 'close'), jobato.stop()]);
  // Otherwise it is kept until the time for headers is over, and is told so by a 408.
  expect(String(Buffer.concat(answers))).toBe('');
});
