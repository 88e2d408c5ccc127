/**
 * A step with relatives: a child in its own group and one that left the group (setsid). Each attempt looks whether
 * anybody of an earlier one is still alive, and says "alone" or who it met. BEHAVIOUR says what it then does:
 *   ends      it writes its lines and exits 0
 *   stays     the first attempt has relatives and stays until it is killed; later ones end
 *   stubborn  as "stays", and nobody of the family ends by SIGTERM
 */
const { spawn } = require('node:child_process');
const { appendFileSync, readFileSync } = require('node:fs');

const { BEHAVIOUR, JOBATO_ATTEMPT, JOBATO_RUN_ID, JOBATO_WORK_DIR } = process.env;
// Not in the run's folder, which is empty for each attempt.
const BOOK = `${JOBATO_WORK_DIR}/family-${JOBATO_RUN_ID}`;
const isFirst = JOBATO_ATTEMPT === '1';
const isStubborn = BEHAVIOUR === 'stubborn';

// A server that was killed reads no longer: whoever minds would be gone before the next life could look.
process.stdout.on('error', () => undefined);
if (isStubborn) process.on('SIGTERM', () => undefined);

const met = earlierAttempts().filter(({ pid }) => isAlive(pid));
console.log(
  met.length === 0 ? 'alone' : `MET ${met.map(({ role, attempt }) => `${role} of attempt ${attempt}`)}`,
);
note('step', process.pid);
for (let line = 1; line <= 20; line++) console.log(`attempt ${JOBATO_ATTEMPT} line ${line}`);

if (isFirst && BEHAVIOUR !== 'ends') {
  note('child', relative({ detached: false }));
  note('runaway', relative({ detached: true }));
  console.log('at work');
  setInterval(() => undefined, 60_000);
}

function relative({ detached }) {
  const program = isStubborn
    ? ['sh', ['-c', "trap '' TERM; while :; do sleep 300; done"]]
    : ['sleep', ['300']];
  const child = spawn(...program, { detached, stdio: 'ignore' });
  child.unref();
  return child.pid;
}

function note(role, pid) {
  appendFileSync(BOOK, `${JOBATO_ATTEMPT} ${role} ${pid}\n`);
}

function earlierAttempts() {
  let book = '';
  try {
    book = readFileSync(BOOK, 'utf8');
  } catch {
    // The first of the run.
  }
  return book
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
    .map(([attempt, role, pid]) => ({ attempt, role, pid: Number(pid) }));
}

function isAlive(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return (
      stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z' &&
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes(JOBATO_RUN_DIR)
    );
  } catch {
    return false;
  }
}
