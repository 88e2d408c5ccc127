import { similarName } from '../config/similar-name';
import type { Complaint } from '../config-files/parse-yaml';
import { isCode, outputVariable, paramVariable, type Reference, referencesIn } from './placeholders';
import type { ProjectFile, StepFile } from './project-file.schema';
import { ancestorsOf, findCycle, type GraphStep } from './step-graph';

/** Returns the faults of `needs`: unknown names, the step itself, and cycles. */
export function aboutNeeds({ steps = [] }: Pick<ProjectFile, 'steps'>): Complaint[] {
  const failureSteps = new Set(steps.filter(({ when }) => when === 'failure').map(({ name }) => name));
  const names = steps.map(({ name }) => name);
  const known = new Set(names);
  const unknown = steps.flatMap(({ name, needs = [], when = 'success' }, index) =>
    needs.flatMap((need, at): Complaint[] => {
      const path = ['steps', index, 'needs', at];
      if (need === name) return [{ path, reason: `step "${name}" needs itself` }];
      if (when === 'success' && failureSteps.has(need)) {
        const reason = `step "${name}" needs "${need}", which starts only after a failure. Then step "${name}" never starts`;
        return [{ path, reason: `${reason}. Give it "when: failure" or "when: always"` }];
      }
      if (known.has(need)) return [];
      return [
        { path, reason: `step "${name}" needs "${need}", which is not a step${suggestion(need, names)}` },
      ];
    }),
  );
  // Two steps of one name are reported elsewhere, and look like a cycle.
  return unknown.length > 0 || new Set(names).size < names.length ? unknown : aboutCycle(steps);
}

function aboutCycle(steps: StepFile[]): Complaint[] {
  const cycle = findCycle(graphOf(steps));
  if (cycle === null) return [];
  // Report it at a step that writes its need down: the last one in the file.
  const index = Math.max(...cycle.map((name) => steps.findIndex((step) => step.name === name && step.needs)));
  const from = cycle.indexOf(steps[index]!.name);
  const inOrder = [...cycle.slice(from), ...cycle.slice(0, from)];
  const handler = steps.find(
    ({ name, when, needs = [] }) => cycle.includes(name) && when && needs.length === 0,
  );
  const because =
    handler?.when === undefined || handler.when === 'success'
      ? ''
      : `. Step "${handler.name}" has "when: ${handler.when}" and no "needs", so it waits for all ordinary steps`;
  return [
    {
      path: ['steps', index, 'needs'],
      reason: `the steps need each other: ${[...inOrder, inOrder[0]].join(' → ')}${because}`,
    },
  ];
}

/** Returns the faults of placeholders in `command` and `run`. */
export function aboutPlaceholders({ steps = [], params = {} }: ProjectFile): Complaint[] {
  const graph = graphOf(steps);
  const isSound = findCycle(graph) === null;
  const names = new Set(graph.map(({ name }) => name));
  const isSecret = (reference: Reference) =>
    reference.kind === 'param' &&
    Object.hasOwn(params, reference.name) &&
    params[reference.name]!.type === 'secret';
  return steps.flatMap((step, index) => {
    let before: Set<string> | null = null;
    const waitsFor = (other: string) => {
      before ??= new Set(isSound ? ancestorsOf(graph, step.name) : names);
      return before.has(other);
    };
    const inScript = referencesIn(step.run ?? '').map((reference) => ({
      path: ['steps', index, 'run'],
      reason: `"run" of step "${step.name}" has ${reference.text}, which a shell could execute. ${instead(reference)}`,
    }));
    const inCommand = (step.command ?? []).flatMap((argument, at) =>
      referencesIn(argument).flatMap((reference) => {
        const reason = isCode(step.command!, at)
          ? `step "${step.name}" has ${reference.text} in code that an interpreter executes. ${instead(reference)}`
          : isSecret(reference)
            ? secretInCommand(step.name, reference)
            : faultOf(reference, step.name, [...names], Object.keys(params), waitsFor);
        return reason === null ? [] : [{ path: ['steps', index, 'command', at], reason }];
      }),
    );
    return [...inScript, ...inCommand];
  });
}

function faultOf(
  reference: Reference,
  step: string,
  names: string[],
  params: string[],
  waitsFor: (step: string) => boolean,
): string | null {
  const who = `step "${step}" has ${reference.text}`;
  switch (reference.kind) {
    case 'malformed':
      return `${who}, which is neither \${params.<name>} nor \${outputs.<step>.<name>}`;
    case 'param':
      return params.includes(reference.name)
        ? null
        : `${who}, but the project has no parameter "${reference.name}"${suggestion(reference.name, params)}`;
    case 'output': {
      if (!names.includes(reference.step))
        return `${who}, but "${reference.step}" is not a step${suggestion(reference.step, names)}`;
      return waitsFor(reference.step)
        ? null
        : `${who}, but does not wait for step "${reference.step}". Add it to "needs"`;
    }
  }
}

/** A program gets no quotes around a variable: nothing expands it in a command. */
function secretInCommand(step: string, reference: Reference): string {
  const { name } = reference as Extract<Reference, { kind: 'param' }>;
  return (
    `step "${step}" has ${reference.text}, a secret, and every user of the machine can read the arguments of a ` +
    `program. Let the program read the variable ${paramVariable(name)} instead`
  );
}

function instead(reference: Reference): string {
  if (reference.kind === 'malformed') return 'Use the variables JOBATO_PARAM_… and JOBATO_OUTPUT_… instead';
  const variable =
    reference.kind === 'param'
      ? paramVariable(reference.name)
      : outputVariable(reference.step, reference.name);
  return `Use the variable ${variable} instead, in quotes: "$${variable}"`;
}

function graphOf(steps: StepFile[]): GraphStep[] {
  return steps.map(({ name, needs = null, when = 'success', continueOnError = false }) => ({
    name,
    needs,
    when,
    continueOnError,
  }));
}

function suggestion(name: string, known: string[]): string {
  const similar = similarName([name], known);
  return similar === null ? '' : `. Did you mean "${similar}"?`;
}
