import { NO_NOTIFY_RULES } from './notify-rules';
import { jsonHash } from './json-hash';
import { aParam, aProject, aSchedule } from '../../test/support/a-run';
import { definitionHash, definitionJson, storedDefinition } from './stored-definition';

it('a stored definition is returned as it is', () => {
  const project = aProject({ description: 'Loads orders', tags: ['nightly'], isEnabled: false });
  expect(storedDefinition(definitionJson(project))).toEqual(project);
});

it('a definition of an earlier version gets the members that it lacks', () => {
  const {
    description: _d,
    tags: _t,
    isEnabled: _e,
    watch: _w,
    schedules: _s,
    keep: _k,
    ...old
  } = aProject({ params: { depth: aParam() } });
  const { example: _x, multiline: _m, ...depth } = old.params.depth!;
  const steps = old.steps.map(({ script: _s, passPlainEnv: _p, ...step }) => step);
  expect(
    storedDefinition(JSON.stringify({ ...old, schedule: { cron: '@daily' }, params: { depth }, steps })),
  ).toEqual(aProject({ params: { depth: aParam() } }));
});

describe('the hash of a definition', () => {
  const plain = aProject({ params: { depth: aParam() } });

  it('is that of earlier versions for a file without the new members', () => {
    const {
      description: _d,
      tags: _t,
      isEnabled: _e,
      watch: _w,
      artifacts: _a,
      parallel: _p,
      schedules: _z,
      notifications: _o,
      keep: _k,
      result: _u,
      liveResult: _l,
      ...old
    } = plain;
    const { example: _x, multiline: _m, ...depth } = old.params.depth!;
    const steps = old.steps.map(
      ({
        script: _s,
        passPlainEnv: _v,
        needs: _n,
        when: _h,
        continueOnError: _c,
        retry: _r,
        artifacts: _f,
        mergeOutput: _g,
        ...step
      }) => step,
    );
    expect(definitionHash(plain)).toBe(jsonHash({ ...old, schedule: null, params: { depth }, steps }));
  });

  it('is the same with another schedule, which a run does not store', () => {
    const scheduled = { ...plain, schedules: [aSchedule()] };
    expect(definitionHash(scheduled)).toBe(definitionHash(plain));
    expect(definitionJson(scheduled)).toBe(definitionJson(plain));
  });

  it('does not depend on notifications, which change no run', () => {
    const notifications = { ...NO_NOTIFY_RULES, notify: [], longAfterSeconds: 60 };
    expect(definitionHash({ ...plain, notifications })).toBe(definitionHash(plain));
  });
  it('does not depend on how long runs are kept', () =>
    expect(definitionHash({ ...plain, keep: { days: 90, runs: 500 } })).toBe(definitionHash(plain)));

  it.each([
    ['a tag', { tags: ['nightly'] }],
    ['a limit of steps side by side', { parallel: 2 }],
    ['a need', { steps: plain.steps.map((step) => ({ ...step, needs: [] })) }],
    ['a param of several lines', { params: { depth: { ...aParam(), multiline: true } } }],
  ])('differs with %s', (_what, change) =>
    expect(definitionHash({ ...plain, ...change })).not.toBe(definitionHash(plain)),
  );
});
