import { randomUUID } from 'node:crypto';
import { Clock } from '../../src/clock/clock';
import { StorageError } from '../../src/database/storage-error';
import { Writer } from '../../src/database/writer';
import { EventStream } from '../../src/events/event-stream';
import { EventApplier } from '../../src/intake/event-applier';
import { agePending, eventually, flawsOf, untilQuiet } from '../support/crash';
import { isOnRedis, nodeStep, RunningApp } from '../support/jobato';

const LINES = 50;
const program = `for (let line = 1; line <= ${LINES}; line++) console.log('line ' + line)`;
const wholeLog = Array.from({ length: LINES }, (_, index) => `line ${index + 1}\n`).join('');

/** Predicates that recognise a write by its input. */
const writes: Record<string, (input: never) => boolean> = {
  'an append to the log': (input: { lines?: unknown[] }) => Array.isArray(input?.lines),
  'a claim': (input: { command?: { type: string } }) => input?.command?.type === 'claim',
  'the start of a run, as it is applied': isApplying('run.started'),
  'the end of a run, as it is applied': isApplying('run.completed'),
  'the emptying of the outbox': (input: { position?: unknown }[]) =>
    Array.isArray(input) && typeof input[0]?.position === 'number',
  // These two are stored in Redis there.
  ...(!isOnRedis() && {
    'a publication': (input: { addedAt?: string; fields?: { eventType: string } }[]) =>
      Array.isArray(input) && input[0]?.addedAt !== undefined && input[0].fields?.eventType !== undefined,
    'an acknowledgement': (input: { toDelete?: Set<number> }) => (input?.toDelete?.size ?? 0) > 0,
  }),
};

/** Matches the event from the stream or from the embedded worker. */
function isApplying(eventType: string) {
  return (input: { entry?: { fields: { eventType: string } } }): boolean =>
    input?.entry?.fields?.eventType === eventType;
}

/** Makes the first write of this kind fail as on a full disk. @returns a function with the number of failures */
function failOnce(isMeant: (input: never) => boolean): () => number {
  let failures = 0;
  for (const way of ['write', 'writeAlong'] as const) {
    const write: Writer['write'] = Reflect.get(Writer.prototype, way);
    jest.spyOn(Writer.prototype, way).mockImplementation(function (this: Writer, command, input) {
      if (failures > 0 || !isMeant(input as never)) return write.call(this, command, input);
      failures++;
      return Promise.reject(Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' }));
    });
  }
  return () => failures;
}

describe('write that fails once', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each(Object.keys(writes))(
    'loses no data: %s',
    async (what) => {
      const jobato = await RunningApp.start({ talks: nodeStep('talks', program) });
      try {
        const failures = failOnce(writes[what]!);
        const { runId } = await jobato.trigger('talks');
        expect(await jobato.untilEnded(runId)).toMatchObject({ status: 'completed', attempt: 1 });
        expect(failures()).toBe(1);
        expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe(wholeLog);
        await untilQuiet(jobato.folders);
        expect(flawsOf(jobato.folders)).toEqual([]);
      } finally {
        await jobato.stop();
      }
    },
    30_000,
  );

  it('rejects a trigger completely and accepts the next one', async () => {
    const jobato = await RunningApp.start({ talks: nodeStep('talks', program) });
    try {
      const failures = failOnce((input: { definition?: string }) => input?.definition !== undefined);
      const refused = await jobato.fetch('/api/projects/talks/runs', { method: 'POST' });
      expect({ status: refused.status, failures: failures() }).toEqual({ status: 500, failures: 1 });
      expect(await (await jobato.fetch('/api/runs')).json()).toMatchObject({ items: [] });
      const { runId } = await jobato.trigger('talks');
      expect(await jobato.untilEnded(runId)).toMatchObject({ status: 'completed' });
    } finally {
      await jobato.stop();
    }
  });
});

describe('database outage', () => {
  afterEach(() => jest.restoreAllMocks());

  it('rejects no event and applies pending events before new ones', async () => {
    const jobato = await RunningApp.start({ outside: 'id: outside\nexecutor: external\n' });
    try {
      const { runId } = await jobato.trigger('outside');
      let isLocked = true;
      let tries = 0;
      const apply: EventApplier['apply'] = Reflect.get(EventApplier.prototype, 'apply');
      jest.spyOn(EventApplier.prototype, 'apply').mockImplementation(function (
        this: EventApplier,
        entry,
        evidence,
      ) {
        if (!isLocked || entry.fields.eventType !== 'run.progress') return apply.call(this, entry, evidence);
        tries++;
        return Promise.reject(new StorageError('locked'));
      });
      const stream = jobato.app.get(EventStream);
      const publish = (eventType: string, payload: object) =>
        stream.publish([
          {
            eventId: randomUUID(),
            eventType,
            eventVersion: '1',
            occurredAt: jobato.app.get(Clock).now(),
            runId,
            payload: JSON.stringify(payload),
          },
        ]);
      await publish('run.progress', { metrics: { found: 7 } });
      await eventually('more tries than an event may use up', () => tries > 5, 20_000);
      await publish('run.completed', {});
      isLocked = false;
      expect(await jobato.untilEnded(runId)).toMatchObject({ status: 'completed', metrics: { found: 7 } });
      expect(await (await jobato.fetch('/api/events/rejected')).json()).toMatchObject({ items: [] });
    } finally {
      await jobato.stop();
    }
  });
});

describe('event that always fails to apply', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is rejected after five deliveries while others continue', async () => {
    const jobato = await RunningApp.start({ talks: nodeStep('talks', program) });
    try {
      const poison = randomUUID();
      const deliveries: number[] = [];
      const apply: EventApplier['apply'] = Reflect.get(EventApplier.prototype, 'apply');
      jest.spyOn(EventApplier.prototype, 'apply').mockImplementation(function (this: EventApplier, ...args) {
        const [entry] = args;
        if (entry.fields.eventId !== poison) return apply.call(this, ...args);
        deliveries.push(entry.deliveryCount);
        return Promise.reject(new Error('it always fails'));
      });
      let offsetMs = 0;
      // The consumer reads one clock, the embedded stream the other.
      const realNow = performance.now.bind(performance);
      jest.spyOn(performance, 'now').mockImplementation(() => realNow() + offsetMs);
      const realBigint = process.hrtime.bigint.bind(process.hrtime);
      jest
        .spyOn(process.hrtime, 'bigint')
        .mockImplementation(() => realBigint() + BigInt(offsetMs) * 1_000_000n);

      const stream = jobato.app.get(EventStream);
      const publish = (eventId: string) =>
        stream.publish([
          {
            eventId,
            eventType: 'run.heartbeat',
            eventVersion: '1',
            occurredAt: jobato.app.get(Clock).now(),
            runId: randomUUID(),
            payload: '{"workerId":"w","attempt":1}',
          },
        ]);
      await publish(poison);
      const others = await jobato.trigger('talks');
      expect(await jobato.untilEnded(others.runId)).toMatchObject({ status: 'completed' });

      const rejected = async () => {
        const answer = (await (await jobato.fetch('/api/events/rejected')).json()) as {
          items: { reason: string; fields: { eventId: string } }[];
        };
        return answer.items.find(({ fields }) => fields.eventId === poison);
      };
      // Time advances in steps; each incoming event makes the consumer check for due retries.
      for (let leap = 0; leap < 40 && !(await rejected()); leap++) {
        offsetMs += 5_001;
        await agePending(jobato.folders, 5_001);
        await publish(randomUUID());
        await new Promise((next) => setImmediate(next));
      }
      expect(deliveries).toEqual([1, 2, 3, 4, 5]);
      expect((await rejected())?.reason).toBe('could not be applied after 5 deliveries');
      await untilQuiet(jobato.folders);
      expect(flawsOf(jobato.folders)).toEqual([]);
    } finally {
      jest.restoreAllMocks();
      await jobato.stop();
    }
  });
});
