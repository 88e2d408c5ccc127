import { receivedEvent } from './http-envelope';

describe('an event that was received', () => {
  const event = {
    eventId: 'e',
    eventType: 'run.completed',
    eventVersion: 1,
    occurredAt: 'now',
    runId: 'r',
    payload: { newJobsCount: 1 },
  };
  const flat = { ...event, eventVersion: '1', payload: '{"newJobsCount":1}' };

  it.each([
    ['the form of HTTP', event],
    ['the form of the stream', flat],
  ])('is the same in %s', (_name, given) =>
    expect(receivedEvent(given)).toEqual({ fields: flat, flaw: null, leaseToken: null }),
  );

  it('keeps what it does not know, as text', () =>
    expect(receivedEvent({ ...event, more: [1], yes: true, text: 'x' }).fields).toEqual({
      ...flat,
      more: '[1]',
      yes: 'true',
      text: 'x',
    }));

  it('takes null for not given', () =>
    expect(receivedEvent({ eventId: null, runId: 'r' })).toEqual({
      fields: { runId: 'r' },
      flaw: null,
      leaseToken: null,
    }));

  it('keeps the lease token apart from what is stored', () => {
    expect(receivedEvent({ ...event, leaseToken: 'secret' })).toEqual({
      fields: flat,
      flaw: null,
      leaseToken: 'secret',
    });
    expect(receivedEvent({ ...flat, leaseToken: 5 })).toEqual({ fields: flat, flaw: null, leaseToken: null });
  });

  it.each([[5], ['x'], [null], [true], [[]], [[event]]])('is none: %j', (given) =>
    expect(receivedEvent(given)).toEqual({
      fields: { event: typeof given === 'string' ? given : JSON.stringify(given) },
      flaw: 'the event is not a JSON object',
      leaseToken: null,
    }),
  );

  it('is not led astray by the names of prototypes', () => {
    const { fields } = receivedEvent(
      JSON.parse('{"__proto__":{"eventId":"x"},"constructor":"c","runId":"r"}'),
    );
    expect(Object.entries(fields)).toEqual([
      ['__proto__', '{"eventId":"x"}'],
      ['constructor', 'c'],
      ['runId', 'r'],
    ]);
    expect(fields.eventId).toBeUndefined();
  });

  it('says so where it cannot be written down again', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(receivedEvent({ ...event, payload: deep })).toEqual({
      fields: { ...flat, payload: '(nested too deeply to be stored)' },
      flaw: 'payload is nested too deeply',
      leaseToken: null,
    });
    expect(receivedEvent(deep).flaw).toBe('the event is not a JSON object');
  });
});
