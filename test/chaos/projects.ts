/** The number of lines that each step writes; `flawsOf` finds repeated ones. */
export const LINES: Record<string, Record<string, number>> = {
  brief: { work: 5 },
  chatty: { work: 200 },
  steady: { first: 20, second: 15 },
  lasting: { work: 40 },
  wide: { left: 20, right: 15, join: 5 },
};

/** Steps side by side. Other projects run their steps in order. */
const NEEDS: Record<string, Record<string, string>> = {
  wide: { left: '[]', right: '[]', join: '[left, right]' },
};

const AFTER_EACH: Record<string, string> = {
  steady: ' sleep 0.05;',
  lasting: ' sleep 0.08;',
  wide: ' sleep 0.05;',
};

/** Far above the duration of a run here: only a shifted clock can exceed it. */
const LIMIT = 'timeoutSeconds: 1800\n';

/** Shell steps start cheaply, which leaves the CPU to the processes under test. */
function step(project: string, name: string): string {
  const total = LINES[project]![name]!;
  const program = `echo "{\\"metrics\\":{\\"attempt\\":$JOBATO_ATTEMPT}}" >&3
i=0
while [ $i -lt ${total} ]; do
  i=$((i+1)); echo "attempt $JOBATO_ATTEMPT $JOBATO_STEP line $i"
  echo "{\\"progress\\":{\\"current\\":$i,\\"total\\":${total}}}" >&3;${AFTER_EACH[project] ?? ''}
done`;
  const needs = NEEDS[project]?.[name];
  return `  - name: ${name}\n    command: [sh, -c, ${JSON.stringify(program)}]\n${needs ? `    needs: ${needs}\n` : ''}`;
}

const steps = (id: string, maxAttempts: number) =>
  `id: ${id}\n${LIMIT}retry: { maxAttempts: ${maxAttempts} }\nsteps:\n` +
  Object.keys(LINES[id]!)
    .map((name) => step(id, name))
    .join('');
const external = (id: string, maxAttempts: number) =>
  `id: ${id}\nexecutor: external\n${LIMIT}claimTimeoutSeconds: 1800\nstopGraceSeconds: 3\nretry: { maxAttempts: ${maxAttempts} }\n`;

/** The file of the `makes` project, reported as an artifact. */
export const MADE_FILE = 'made.txt';
// Where the disk is full the step fails, because a completed run must have its artifact.
const MAKES = `set -e
echo "attempt $JOBATO_ATTEMPT made this" > "$JOBATO_RUN_DIR/${MADE_FILE}"
echo '{"artifact":{"path":"${MADE_FILE}"}}' >&3
sleep 0.5`;

/** The load does not use this project, so its slot is free for probes. */
export const PROBE = 'probe';
export const PROBE_PROJECT = `id: ${PROBE}\nsteps:\n  - name: work\n    command: [sh, -c, 'exit 0']\n`;

export const PROJECTS: Record<string, string> = {
  brief: steps('brief', 3),
  chatty: steps('chatty', 2),
  steady: steps('steady', 5),
  lasting: steps('lasting', 1),
  wide: steps('wide', 3),
  fails: "id: fails\nsteps:\n  - name: work\n    command: [sh, -c, 'echo no >&2; exit 3']\n",
  family:
    "id: family\nretry: { maxAttempts: 2 }\nsteps:\n  - name: work\n    command: [sh, -c, 'sleep 300 & sleep 1']\n",
  makes: `id: makes\n${LIMIT}retry: { maxAttempts: 3 }\nsteps:\n  - name: work\n    command: [sh, -c, ${JSON.stringify(MAKES)}]\n`,
  outside: external('outside', 3),
  elsewhere: external('elsewhere', 1),
};
