import { Readable } from 'node:stream';
import { givenParams } from './given-params';

describe('givenParams', () => {
  const nothing = Readable.from([]);

  it('returns nothing without options', async () =>
    expect(await givenParams({}, {}, nothing)).toBeUndefined());

  it('collects values from options, variables and standard input', async () => {
    const options = {
      param: { tag: ['a'] },
      paramEnv: { token: ['TOKEN'], tag: ['TAG'] },
      paramStdin: 'pem',
    };
    const input = Readable.from(['one\ntw', 'o\r\n']);
    expect(await givenParams(options, { TOKEN: 'swordfish', TAG: '' }, input)).toEqual({
      tag: ['a', ''],
      token: ['swordfish'],
      pem: ['one\ntwo'],
    });
  });

  it('rejects a variable that is not set', () =>
    expect(givenParams({ paramEnv: { token: ['TOKEN'] } }, {}, nothing)).rejects.toThrow(
      '--param-env token: the environment variable TOKEN is not set.',
    ));

  it('rejects a terminal, which would show the text', () =>
    expect(givenParams({ paramStdin: 'token' }, {}, Object.assign(nothing, { isTTY: true }))).rejects.toThrow(
      'a terminal would show the text',
    ));
});
