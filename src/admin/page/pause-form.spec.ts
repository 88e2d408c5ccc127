import { JobatoError } from '../../http/problem-catalogue';
import { EMPTY_PAUSE_FORM, pauseFormIn, pauseIn, pauseNotice } from './pause-form';

const pauseOf = (body: unknown) => pauseIn(pauseFormIn(body));
const refusalOf = (body: unknown): JobatoError => {
  try {
    throw new Error(JSON.stringify(pauseOf(body)));
  } catch (error) {
    expect(error).toBeInstanceOf(JobatoError);
    return error as JobatoError;
  }
};

it('reads the end in the zone of the form, which is UTC without JavaScript', () => {
  const until = '2026-07-01T10:00';
  expect(pauseOf({ reason: ' Upgrade ', until })).toEqual({
    reason: 'Upgrade',
    until: '2026-07-01T10:00:00.000Z',
  });
  expect(pauseOf({ until, zone: 'Europe/Berlin' })).toEqual({
    reason: null,
    until: '2026-07-01T08:00:00.000Z',
  });
  expect(pauseOf({ until, zone: 'Nowhere' }).until).toBe('2026-07-01T10:00:00.000Z');
});

it.each([undefined, {}, { reason: '', until: '' }, { reason: ['a'], until: { a: 1 } }])(
  'has no reason and no end without a value: %j',
  (body) => expect(pauseOf(body)).toEqual({ reason: null, until: null }),
);

it.each(['tomorrow', '2026-02-30T10:00', '2026-01-01', '2026-01-01T25:00', '+012026-01-01T10:00'])(
  'refuses the end "%s" with a link to its field, and keeps what was given',
  (until) => {
    const notice = pauseNotice(refusalOf({ until }));
    expect(notice).toMatchObject({
      title: '1 value is missing or invalid',
      fields: [{ href: '#pause-until', label: 'Until', message: expect.stringMatching(/^must be a date/) }],
    });
    expect(pauseFormIn({ reason: 'Upgrade', until })).toEqual({
      ...EMPTY_PAUSE_FORM,
      ...{ reason: 'Upgrade', until, isGiven: true },
    });
  },
);

it('limits the reason', () => expect(pauseFormIn({ reason: 'x'.repeat(600) }).reason).toHaveLength(500));
