import { levelOf } from './log-level';

it.each([
  'ERROR could not open it',
  '2026-03-01T10:00:00Z ERROR [main] could not open it',
  '2026-03-01 10:00:00,123 - app.db - CRITICAL - gone',
  '[error] could not open it',
  'time=2026-03-01T10:00:00Z level=error msg="could not open it"',
  '{"level":"error","message":"could not open it"}',
  '{"level":50,"time":1,"msg":"could not open it"}',
  '{"severity": "CRITICAL", "message": "gone"}',
  'ERROR:root:could not open it',
  'error: could not open it',
  'main.c:3:5: error: expected expression',
  'error[E0382]: use of moved value',
  'src/a.ts(1,2): error TS2304: Cannot find name',
  'fatal: not a git repository',
  'panic: runtime error: index out of range',
  'Traceback (most recent call last):',
  '  File "main.py", line 3, in <module>',
  'ValueError: not a number',
  'java.io.IOException: gone',
  'TypeError [ERR_INVALID_ARG_TYPE]: gone',
  '    at Object.<anonymous> (/srv/app.js:3:5)',
  'npm ERR! code ELIFECYCLE',
  'npm error code ELIFECYCLE',
  'E0301 10:00:00.000000 1 main.go:3] gone',
  '10:00AM ERR could not open it',
  '✖ 2 tests failed',
])('detects an error in: %s', (text) => expect(levelOf(text)).toBe('error'));

it.each([
  'WARN  disk is nearly full',
  'WARNING:root:disk is nearly full',
  '[Warning] disk is nearly full',
  'warning: unused variable',
  'level=warn msg="disk is nearly full"',
  '{"level":40,"msg":"disk is nearly full"}',
  '(node:1) DeprecationWarning: no longer do this',
  'npm warn deprecated it',
  '⚠ robots.txt forbids it',
])('detects a warning in: %s', (text) => expect(levelOf(text)).toBe('warning'));

it.each([
  'reading 3 files',
  '0 errors, 0 warnings',
  'errors: 0',
  'no errors found',
  'INFO retrying after ERROR 500',
  '[info] the last error: none',
  '{"level":"info","message":"ERROR rate is 0"}',
  '{"level":30,"msg":"error: none"}',
  'GET /docs/ERROR.html 200',
  'error_count=0',
  'look at the error page',
  '',
])('detects no problem in: %s', (text) => expect(levelOf(text)).toBeNull());

it('checks very long lines within 200 ms', () => {
  const startedMs = performance.now();
  for (const text of ['x', ' ', 'a:', 'level', ' at a', '"'])
    expect(levelOf(text.repeat(65_536 / text.length))).toBeNull();
  expect(performance.now() - startedMs).toBeLessThan(200);
});
