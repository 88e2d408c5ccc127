import { receivedEvent } from './http-envelope';

describe('receivedEvent', () => {
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
  ])('returns the same fields for %s', (_name, given) =>
    expect(receivedEvent(given)).toEqual({ fields: flat, flaw: null, leaseToken: null }),
  );

  it('keeps unknown fields as text', () =>
    expect(receivedEvent({ ...event, more: [1], yes: true, text: 'x' }).fields).toEqual({
      ...flat,
      more: '[1]',
      yes: 'true',
      text: 'x',
    }));

  it('treats null as not given', () =>
    expect(receivedEvent({ eventId: null, runId: 'r' })).toEqual({
      fields: { runId: 'r' },
      flaw: null,
      leaseToken: null,
    }));

  it('separates the lease token from the stored fields', () => {
    expect(receivedEvent({ ...event, leaseToken: 'secret' })).toEqual({
      fields: flat,
      flaw: null,
      leaseToken: 'secret',
    });
    expect(receivedEvent({ ...flat, leaseToken: 5 })).toEqual({ fields: flat, flaw: null, leaseToken: null });
  });

  it.each([[5], ['x'], [null], [true], [[]], [[event]]])(
    'reports a flaw for a value that is not an object: %j',
    (given) =>
      expect(receivedEvent(given)).toEqual({
        fields: { event: typeof given === 'string' ? given : JSON.stringify(given) },
        flaw: 'the event is not a JSON object',
        leaseToken: null,
      }),
  );

  it('handles the names of prototype members as ordinary fields', () => {
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

  it('reports a payload that is nested too deeply', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(receivedEvent({ ...event, payload: deep })).toEqual({
      fields: { ...flat, payload: '(nested too deeply to be stored)' },
      flaw: 'payload is nested too deeply',
      leaseToken: null,
    });
    expect(receivedEvent(deep).flaw).toBe('the event is not a JSON object');
  });
});
