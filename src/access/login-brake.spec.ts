import { addressOf, LoginBrake } from './login-brake';

const HERE = '192.0.2.1';
const THERE = '192.0.2.2';

describe('LoginBrake', () => {
  let brake: LoginBrake;
  beforeEach(() => {
    jest.useFakeTimers({ now: Date.parse('2026-03-01T10:00:00.000Z') });
    jest.advanceTimersByTime(1); // lru-cache never expires an entry that was set at time 0
    brake = new LoginBrake();
  });
  afterEach(() => jest.useRealTimers());

  let last = 0;
  /** Sends wrong tokens that were not used before. */
  const guess = async (ip: string, times: number) => {
    for (let n = 0; n < times; n++) await brake.wrong(ip, `guess ${last++}`);
  };

  it('blocks an address for 300 s after ten guesses within that time', async () => {
    await guess(HERE, 9);
    expect(await brake.waitSeconds(HERE)).toBe(0);
    jest.advanceTimersByTime(100_000);
    await guess(HERE, 1);
    expect(await brake.waitSeconds(HERE)).toBe(300);
    expect(await brake.waitSeconds(THERE)).toBe(0);
    jest.advanceTimersByTime(299_001);
    expect(await brake.waitSeconds(HERE)).toBe(1);
    jest.advanceTimersByTime(999);
    expect(await brake.waitSeconds(HERE)).toBe(0);
    await guess(HERE, 9);
    expect(await brake.waitSeconds(HERE)).toBe(0);
  });

  it('counts each guess before it checks the next, even for concurrent requests', async () => {
    const look = (token: string) =>
      brake.inTurn(async () => {
        if ((await brake.waitSeconds(HERE)) > 0) return 'has to wait';
        await brake.wrong(HERE, token);
        return 'looked at';
      });
    const broken = brake.inTurn(() => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => look(`at once ${index}`)));
    expect(answers.filter((answer) => answer === 'looked at')).toHaveLength(10);
  });

  it('forgets guesses after 300 s', async () => {
    await guess(HERE, 9);
    jest.advanceTimersByTime(300_000);
    await guess(HERE, 9);
    expect(await brake.waitSeconds(HERE)).toBe(0);
  });

  it('counts one repeated wrong token only once', async () => {
    for (let n = 0; n < 1000; n++) await brake.wrong(HERE, 'the token of last year');
    expect(await brake.waitSeconds(HERE)).toBe(0);
    await guess(HERE, 9);
    expect(await brake.waitSeconds(HERE)).toBe(300);
  });

  it('resets the count after a sign-in but not after a right token in Authorization', async () => {
    await guess(HERE, 9);
    await brake.signedIn(HERE);
    await guess(HERE, 9);
    brake.right(HERE);
    expect(await brake.waitSeconds(HERE)).toBe(0);
    await guess(HERE, 1);
    expect(await brake.waitSeconds(HERE)).toBe(300);
  });

  it('blocks all addresses after guesses from many, except those that sent the right token', async () => {
    brake.right(HERE);
    for (let n = 0; n < 20; n++) await guess(`198.51.100.${n}`, 5);
    expect(await brake.waitSeconds(THERE)).toBe(600);
    expect(await brake.waitSeconds('198.51.100.1')).toBe(600);
    expect(await brake.waitSeconds(HERE)).toBe(0);
    await guess(HERE, 10);
    expect(await brake.waitSeconds(HERE)).toBe(300);
    jest.advanceTimersByTime(600_000);
    expect(await brake.waitSeconds(THERE)).toBe(0);
  });

  it('remembers trusted addresses for a day, and at most 1,000 of them', async () => {
    brake.right(HERE);
    for (let n = 0; n < 1000; n++) brake.right(`10.0.${n >> 8}.${n & 255}`);
    await guess(THERE, 100);
    expect(await brake.waitSeconds(HERE)).toBeGreaterThan(0);
    expect(await brake.waitSeconds('10.0.0.0')).toBe(0);
    jest.advanceTimersByTime(24 * 3600 * 1000 + 1);
    await guess(THERE, 100);
    expect(await brake.waitSeconds('10.0.0.0')).toBeGreaterThan(0);
  });
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['1::', '1:0:0:0::/64'],
  [undefined, ''],
])('addressOf groups %s as %s', (ip, address) => expect(addressOf(ip)).toBe(address));
