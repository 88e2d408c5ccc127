import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders, nodeStep, RunningApp } from './support/jobato';
import { readSse } from './support/sse';

const PEM = '-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG\n9w0BAQEFAASCAUAwggE8\n-----END KEY-----\n';
const SECRETS = {
  PLAIN: 'swordfish',
  QUOTED: 'pa"ss\\wo/rd',
  FOREIGN: 'Geheimnis-ä漢🎉',
  PATTERN: '$&.*(a|b)+[x]',
  NUMBER: '8675309',
  LONG: 'L0ng'.repeat(250),
  SHORT: 'pass1',
  DEBUG: '1',
  FLAG: 'true',
  PEM,
};
const START = `const fs = require('fs');
const all = (text, fd = 1) => { let rest = Buffer.from(text); while (rest.length > 0) rest = rest.subarray(fs.writeSync(fd, rest)); };
const { ${Object.keys(SECRETS).join(', ')} } = process.env;
const say = (message) => all(JSON.stringify(message) + '\\n', 3);
`;

describe('passed-on secret', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    const folders = makeFolders({
      notes: `${nodeStep('notes', "console.log('runs')")}    passEnv: [DEBUG, FLAG, MISSING, PLAIN]\n`,
    });
    const step = nodeStep(
      'leaks',
      'eval(JSON.parse(process.env.JOBATO_PARAMS).program)',
      'params:\n  program: { type: string }\n',
    );
    // Those that are not masked would be noted in every log.
    const names = Object.keys(SECRETS).filter((name) => name !== 'DEBUG' && name !== 'FLAG');
    const passEnv = `    passEnv: [${names.join(', ')}]\n`;
    writeFileSync(join(folders.configDir, 'projects', 'leaks.yaml'), step + passEnv);
    jobato = await RunningApp.start(folders, SECRETS);
  });
  afterAll(() => jobato.stop());

  /** Returns all data about a run that any client can read. */
  async function everythingAbout(program: string) {
    const { runId } = await jobato.trigger('leaks', { params: { program: START + program } });
    await jobato.untilEnded(runId);
    const text = async (path: string, accept = '*/*') =>
      (await jobato.fetch(path, { headers: { accept } })).text();
    const log = await text(`/api/runs/${runId}/logs`);
    let stream = '';
    for await (const { data } of readSse(`${jobato.url}/api/runs/${runId}/logs`)) stream += data;
    const run = await text(`/api/runs/${runId}`);
    const events = await text(`/api/runs/${runId}/events?limit=200`);
    const shown = [
      log,
      stream,
      run,
      events,
      await text(`/api/runs/${runId}/logs`, 'application/json'),
    ].join();
    return {
      log,
      run: JSON.parse(run),
      shown: shown.replaceAll(JSON.stringify(START + program).slice(1, -1), ''),
    };
  }

  it.each<[string, string, RegExp]>([
    ['on stdout', `console.log('key=' + PLAIN + ';')`, /^key=\*\*\*;\n$/],
    ['on stderr', `console.error(PLAIN + PLAIN)`, /^\*{6}\n$/],
    ['in two pieces', `all('a swor'); setTimeout(() => all('dfish b\\n'), 50)`, /^a \*\*\* b\n$/],
    ['one letter at a time', `for (const letter of PLAIN) all(letter)`, /^\*\*\*\n$/],
    ['with characters that are special to patterns', `console.log(PATTERN)`, /^\*\*\*\n$/],
    [
      'with letters of two to four bytes, cut within them',
      `for (const byte of Buffer.from(FOREIGN)) fs.writeSync(1, Buffer.from([byte]))`,
      /^\*\*\*\n$/,
    ],
    [
      'as one of JSON',
      `console.log(JSON.stringify({ QUOTED, PEM, NUMBER: Number(NUMBER) }))`,
      /^\{"QUOTED":"\*\*\*","PEM":"\*\*\*","NUMBER":\*\*\*\}\n$/,
    ],
    ['of several lines', `all(PEM)`, /^(\*\*\*\n){4}$/],
    ['of several lines, in part', `all(PEM.split('\\n')[2] + '\\n')`, /^\*\*\*\n$/],
    ['in a URL', `console.log(encodeURIComponent(QUOTED), encodeURIComponent(FOREIGN))`, /^\*\*\* \*\*\*\n$/],
    [
      'in HTML',
      `console.log([...FOREIGN].map((letter) => '&#' + letter.codePointAt(0) + ';').join(''))`,
      /^\*\*\*\n$/,
    ],
    [
      'in Basic authentication',
      `console.log('Basic ' + Buffer.from('user:' + PLAIN).toString('base64'))`,
      /^Basic dXNlcj\*\*\*\n$/,
    ],
    [
      'in lines of base64',
      `console.log(Buffer.from('my key: ' + PEM).toString('base64').replace(/.{76}/g, '$&\\n'))`,
      /^bXkga2V5Oi\*{3}\n\*{3}g==\n$/,
    ],
    [
      'that is short, as a word',
      `console.log('pass1 pass12 x=pass1', encodeURIComponent(' pass1'))`,
      /^\*{3} pass12 x=\*{3} %20\*{3}\n$/,
    ],
  ])('is masked in the log: %s', async (_name, program, expected) => {
    const { log, shown } = await everythingAbout(program);
    expect(log).toMatch(expected);
    for (const secret of [SECRETS.PLAIN, 'MIIBVgIBADAN', SECRETS.PATTERN, SECRETS.FOREIGN]) {
      expect(shown).not.toContain(secret);
    }
  });

  it('is masked before and at the line limit', async () => {
    const { log, shown } = await everythingAbout(
      `all('x'.repeat(64 * 1024 - 4) + PLAIN + '\\n');
       all('y'.repeat(64 * 1024 - 1000) + LONG + LONG + '\\n');
       all(LONG.repeat(100) + '\\n');
       all('z'.repeat(65537) + LONG + '\\n')`,
    );
    expect(shown).not.toContain('swor');
    expect(shown).not.toContain('L0ng');
    const lines = log.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    // The first two fit after their secrets are masked; the third was cut before it was complete.
    expect(lines[0]).toMatch(/^x{65532}\*{3}$/);
    expect(lines[1]).toMatch(/^y{64536}\*{6}$/);
    expect(lines[2]).toMatch(/^\*+ … \[line cut at 64 KiB\]$/);
    expect(lines[3]).toMatch(/^z{65536} … \[line cut at 64 KiB\]$/);
  });

  it.each(['PLAIN', 'QUOTED', 'FOREIGN', 'PEM', 'PATTERN'] as const)(
    'is masked in reports of the step: %s',
    async (name) => {
      const { run, shown } = await everythingAbout(
        `say({ progress: { message: 'with ' + ${name} }, metrics: { ok: 1 } });
         say({ artifact: { path: ${name} } });
         say({ error: { code: 'BAD_' + ${name}, message: 'using ' + ${name} } });
         all('{"garbage": ' + JSON.stringify(${name}) + '\\n', 3);
         console.error(${name});
         process.exit(1)`,
      );
      expect(run).toMatchObject({
        status: 'failed',
        progress: { message: 'with ***' },
        error: { code: 'BAD_***', message: 'using ***' },
        summary: { ok: 1 },
      });
      const secret = SECRETS[name];
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1));
    },
  );

  it('is masked in the partial reason and in the last line of a failure', async () => {
    const part = await everythingAbout(`say({ partial: { reason: 'no ' + QUOTED } })`);
    expect(part.run).toMatchObject({ status: 'partial', statusReason: 'no ***' });
    const failure = await everythingAbout(`console.error('bad ' + PLAIN); process.exit(1)`);
    expect(failure.run.error.message).toMatch(/Last error line: bad \*\*\*$/);
    expect(failure.shown).not.toContain(SECRETS.PLAIN);
  });

  it('changes no numbers, booleans and names of metrics', async () => {
    const { run, log } = await everythingAbout(
      `say({ metrics: { calls: 8675309, rows1: 1, pass1: 2, swordfish: 3 }, progress: { current: 1, total: 8675309 } });
       console.log(JSON.stringify({ rows: 1, ok: true, text: '11 true' }))`,
    );
    expect(run.summary).toMatchObject({ calls: 8675309, rows1: 1, pass1: 2, swordfish: 3 });
    expect(run.progress).toMatchObject({ current: 1, total: 8675309 });
    expect(log).toBe('{"rows":1,"ok":true,"text":"11 true"}\n');
  });

  it('is noted if it is missing or not masked, in the project and in the log of the step', async () => {
    const notes = [
      expect.stringMatching(/^passEnv: the value of DEBUG has fewer than 4 characters, so it is not masked/),
      expect.stringMatching(/^passEnv: the value of FLAG is true or false, so it is not masked/),
      expect.stringMatching(/^passEnv: MISSING is not set in the environment of the worker/),
    ];
    expect(await (await jobato.fetch('/api/projects/notes')).json()).toMatchObject({ notes });
    const page = await (await jobato.fetch('/projects/notes')).text();
    expect(page).toContain('passEnv: MISSING is not set');
    const { runId } = await jobato.trigger('notes');
    await jobato.untilEnded(runId);
    const lines = await jobato.fetch(`/api/runs/${runId}/logs`, { headers: { accept: 'application/json' } });
    expect(await lines.json()).toMatchObject({
      items: [
        ...notes.map((text) => ({ stream: 'system', step: 'work', text })),
        { stream: 'stdout', text: 'runs' },
      ],
    });
  });
});
