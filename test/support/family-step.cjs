/**
 * A step that starts a child in its own group and one that leaves the group (setsid). Each attempt checks whether
 * processes of earlier attempts are alive, and prints "alone" or the ones it met. BEHAVIOUR selects what follows:
 *   ends      writes its lines and exits 0
 *   stays     the first attempt starts both children and runs until it is killed; later ones end
 *   stubborn  like "stays", but no process ends on SIGTERM
 */
const { spawn } = require('node:child_process');
const { appendFileSync, readFileSync } = require('node:fs');

const { BEHAVIOUR, JOBATO_ATTEMPT, JOBATO_RUN_DIR, JOBATO_RUN_ID, JOBATO_WORK_DIR } = process.env;
// Not in the run's folder, which is emptied for each attempt.
const BOOK = `${JOBATO_WORK_DIR}/family-${JOBATO_RUN_ID}`;
const isFirst = JOBATO_ATTEMPT === '1';
const isStubborn = BEHAVIOUR === 'stubborn';

// A killed server no longer reads the pipe. Without this handler, the error would end the step before the next
// server life.
process.stdout.on('error', () => undefined);
if (isStubborn) process.on('SIGTERM', () => undefined);

// A look that finds not even this process would find no other either.
if (!isAlive(process.pid)) throw new Error('The step cannot see its own process.');
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
    // The first attempt of the run.
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
