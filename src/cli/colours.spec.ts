import { hasColours } from './colours';

const terminal = { isTTY: true, hasColors: () => true } as Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>;
const pipe = { isTTY: false } as Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>;

describe('hasColours', () => {
  it('is true only on a terminal that can show colours', () => {
    expect(hasColours(terminal, {})).toBe(true);
    expect(hasColours({ ...terminal, hasColors: () => false }, {})).toBe(false);
    expect(hasColours(pipe, {})).toBe(false);
  });

  it.each([{ NO_COLOR: '1' }, { CLICOLOR: '0' }, { TERM: 'dumb' }, { FORCE_COLOR: '0' }])(
    'is false on a terminal with %j',
    (environment) => expect(hasColours(terminal, environment)).toBe(false),
  );

  it.each([{ CLICOLOR_FORCE: '1' }, { FORCE_COLOR: '1' }, { FORCE_COLOR: 'true', NO_COLOR: '1' }])(
    'is true in a pipe with %j',
    (environment) => expect(hasColours(pipe, environment)).toBe(true),
  );

  it('ignores variables that are empty or say the default', () => {
    expect(hasColours(terminal, { NO_COLOR: '', FORCE_COLOR: '', CLICOLOR: '1' })).toBe(true);
    expect(hasColours(pipe, { FORCE_COLOR: '', CLICOLOR_FORCE: '0', CLICOLOR: '1' })).toBe(false);
  });
});
