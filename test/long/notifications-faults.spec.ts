import type { ServerResponse } from 'node:http';
import { Belongings, eventually, inDatabase } from '../support/crash';
import { type Folders, nodeStep, type ServerProcess, writeConfig } from '../support/jobato';
import { accepts, answering, type Received, Receiver } from '../support/receiver';
import { SeededRandom } from '../support/random';

const PROJECTS = 20;
const RUNS = 1000;
/** A multiple of three: the receiver is dead during one of three lives, and not in the last. */
const KILLS = 9;
const CHANNELS = `channels: [{ id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }]
defaults: [{ channel: ops, on: [failed] }]
`;

const belongings = new Belongings();
afterEach(() => belongings.clear());

/** Returns runs and deliveries by their state. */
function stateOf(folders: Folders) {
  return inDatabase(folders, (database) => {
    const ids = (sql: string) => (database.prepare(sql).all() as { id: string }[]).map(({ id }) => id);
    return {
      failed: ids("SELECT run_id AS id FROM runs WHERE status = 'failed'"),
      active: ids("SELECT run_id AS id FROM runs WHERE status = 'running'"),
      told: ids('SELECT run_id AS id FROM notification_deliveries'),
      undelivered: ids("SELECT id FROM notification_deliveries WHERE state <> 'delivered'"),
    };
  });
}

it('delivers each failure at least once under one id, although receiver and server die again and again', async () => {
  const seeded = new SeededRandom(20261130);
  const random = () => seeded.next();
  const folders = belongings.makeFolders(
    Object.fromEntries(
      Array.from({ length: PROJECTS }, (_, n) => [
        `p${n}`,
        nodeStep(`p${n}`, '').replace(/command: .*/, 'command: ["false"]'),
      ]),
    ),
  );
  writeConfig(folders, 'notifications.yaml', CHANNELS);
  let receiver = await Receiver.start();
  const { port } = receiver;
  const accepted: Received[] = [];
  const moody = (received: Received, response: ServerResponse) => {
    const mood = random();
    if (mood < 0.08) return void answering(500)(received, response);
    if (mood < 0.16) return void answering(429, { 'retry-after': '1' })(received, response);
    if (mood < 0.2) return void response.destroy();
    if (mood < 0.22) return void answering(302, { location: '/elsewhere' })(received, response);
    if (mood < 0.223) return; // stalls
    accepted.push(received);
    accepts(received, response);
  };
  receiver.otherwise = moody;
  const environment = { OPS_URL: receiver.url, WORKER_CONCURRENCY: '4' };
  let server: ServerProcess = await belongings.start(folders, environment);
  let started = 0;
  const startRun = async () => {
    const response = await fetch(`${server.url}/api/projects/p${Math.floor(random() * PROJECTS)}/runs`, {
      method: 'POST',
    }).catch(() => null);
    if (response?.status === 201) started++;
  };
  for (let round = 0; round <= KILLS; round++) {
    while (started < ((round + 1) * RUNS) / (KILLS + 1)) await startRun();
    if (round === KILLS) break;
    await server.end('SIGKILL');
    if (round % 3 === 1) await receiver.stop(); // dead for one life of the server
    server = await belongings.start(folders, environment);
    if (round % 3 === 2) {
      receiver = await Receiver.start(port);
      receiver.otherwise = moody;
    }
  }
  await eventually('the end of all runs', () => stateOf(folders).active.length === 0, 300_000);
  receiver.otherwise = (received, response) => {
    accepted.push(received);
    accepts(received, response);
  };
  // An operator sends the rest again: redirects are given up, and other waits are up to an hour.
  await eventually(
    'the delivery of all messages',
    async () => {
      for (const id of stateOf(folders).undelivered)
        await fetch(`${server.url}/api/notifications/${id}/resend`, { method: 'POST' });
      return stateOf(folders).undelivered.length === 0;
    },
    300_000,
  );

  const { failed, told } = stateOf(folders);
  expect(failed.length).toBeGreaterThanOrEqual(RUNS);
  expect([...told].sort()).toEqual([...failed].sort());
  const idsByRun = new Map<string, Set<string>>();
  const bodiesById = new Map<string, Set<string>>();
  for (const { headers, body } of accepted) {
    const id = String(headers['webhook-id']);
    const { data } = JSON.parse(body) as { data: { run: { runId: string } } };
    idsByRun.set(data.run.runId, (idsByRun.get(data.run.runId) ?? new Set()).add(id));
    bodiesById.set(id, (bodiesById.get(id) ?? new Set()).add(body));
  }
  expect([...idsByRun.keys()].sort()).toEqual([...failed].sort());
  expect([...idsByRun.values()].filter((ids) => ids.size > 1)).toEqual([]);
  expect([...bodiesById.values()].filter((bodies) => bodies.size > 1)).toEqual([]);
  await receiver.stop();
});
