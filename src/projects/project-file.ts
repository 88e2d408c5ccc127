import { type Complaint, type ParsedYaml, parseYaml, type YamlRule } from '../config-files/parse-yaml';
import { isSecretVariable } from '../config/secrets';
import { NO_NOTIFY_RULES, repeatedChannels } from './notify-rules';
import { complaintAboutParam, PARAM_TEXTS, toParamSpec } from './param-file';
import { MAX_PARAMS_BYTES } from './params';
import { paramVariable } from './placeholders';
import { DEFAULT_PARALLEL, type ProjectDefinition, type StepDefinition, type StepRetry } from './project';
import { aboutResult, toLiveResult, toResultRule } from './result-file';
import { Schema } from '../schemas/schema';
import { PROJECT_FILE_SCHEMA, type ProjectFile, type StepFile } from './project-file.schema';
import {
  aboutSchedule,
  aboutScheduleParams,
  aboutScheduleScopes,
  SCHEDULE_TEXTS,
  toScheduleEntries,
} from './schedule-file';
import { FULL_SCOPE } from './scope';
import { aboutNeeds, aboutPlaceholders } from './step-graph-rules';
import { whyNoWatchPattern } from './watch-rules';

/** The limit for command and env of one step. Linux usually allows 2 MiB, which params and passed variables share. */
const MAX_SPAWN_BYTES = 512 * 1024;

const SCHEMA = new Schema<ProjectFile>(PROJECT_FILE_SCHEMA, {
  allErrors: true,
  allowUnionTypes: true,
  verbose: true,
});

/** The first value never counts, because a file must have it. */
const DEFAULT_RETRY: StepRetry = { maxAttempts: 1, delaySeconds: 1, backoff: 2, maxDelaySeconds: 300 };

/** Texts, so that `PY: 3.10` and `[sleep, 0.50]` are passed exactly as written. */
export const PROJECT_FILE_TEXTS = [
  ['env', '*'],
  ['steps', '*', 'env', '*'],
  ['steps', '*', 'command', '*'],
  ['steps', '*', 'shell', '*'],
  ...PARAM_TEXTS,
  ...SCHEDULE_TEXTS,
];

/** Rules that the schema cannot express. */
const RULES: YamlRule<ProjectFile>[] = [
  { reads: ['steps', 'executor'], check: aboutPipeline },
  { reads: ['steps'], check: ({ steps = [] }) => steps.flatMap(aboutProgram) },
  { reads: ['steps'], check: ({ steps = [] }) => steps.flatMap(aboutUnstartable) },
  { reads: ['env'], check: ({ env = {} }) => aboutNul(env, ['env'], '"env"') },
  { reads: ['steps', 'env'], check: ({ env = {}, steps = [] }) => steps.flatMap(aboutSpawnSize(env)) },
  { reads: ['passEnv', 'passPlainEnv'], check: (file) => aboutPassed(file, [], 'the project') },
  {
    reads: ['steps'],
    check: ({ steps = [] }) =>
      steps.flatMap((step, index) => aboutPassed(step, ['steps', index], `step "${step.name}"`)),
  },
  { reads: ['steps'], check: aboutNeeds },
  { reads: ['steps', 'params'], check: aboutPlaceholders },
  { reads: ['steps', 'scopes'], check: aboutScopes },
  { reads: ['params'], check: aboutParams },
  { reads: ['schedule'], check: aboutSchedule },
  { reads: ['schedule', 'steps', 'scopes'], check: aboutScheduleScopes },
  { reads: ['schedule', 'params'], check: aboutScheduleParams },
  { reads: ['watch'], check: aboutWatch },
  { reads: ['artifacts', 'steps'], check: aboutArtifacts },
  { reads: ['notify'], check: aboutNotify },
  { reads: ['result'], check: aboutResult },
];

/** Parses one project file. Never throws: returns all flaws of a file that cannot be used. */
export function parseProjectFile(source: string): ParsedYaml<ProjectDefinition> {
  const { content, flaws } = parseYaml(source, SCHEMA, 'id: glossary', RULES, PROJECT_FILE_TEXTS);
  return content === undefined ? { flaws } : { content: toDefinition(content) };
}

function aboutPipeline({ executor, steps = [] }: ProjectFile): Complaint[] {
  const names = steps.map(({ name }) => name);
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [{ path: ['steps', index, 'name'], reason: `two steps have the name "${name}"` }],
  );
  if (executor === 'external') return twice;
  if (steps.length === 0) {
    return [
      { path: ['steps'], reason: '"steps" must list at least one step, unless "executor: external" is set' },
    ];
  }
  const idle = steps.flatMap(({ name, command, run }, index) =>
    command === undefined && run === undefined
      ? [{ path: ['steps', index], reason: `step "${name}" needs a "command" or a "run"` }]
      : [],
  );
  return [...twice, ...idle];
}

function aboutProgram({ name, command, run, shell }: StepFile, index: number): Complaint[] {
  const path = ['steps', index];
  if (command !== undefined && run !== undefined)
    return [
      { path: [...path, 'run'], reason: `step "${name}" has both "command" and "run". Keep one of them` },
    ];
  if (run === undefined && shell !== undefined)
    return [
      {
        path: [...path, 'shell'],
        reason: `step "${name}" has a "shell" but no "run", which it would execute`,
      },
    ];
  return [];
}

/** No machine can start these. */
function aboutUnstartable(step: StepFile, index: number): Complaint[] {
  const { name, command, run, shell, env = {}, workingDir = '' } = step;
  const path = ['steps', index];
  const empty = (['command', 'shell'] as const).flatMap((key) =>
    step[key]?.[0]?.trim() === ''
      ? [
          {
            path: [...path, key, 0],
            reason: `step "${name}": the first item of "${key}" is the name of the program and must not be empty`,
          },
        ]
      : [],
  );
  const blank =
    run?.trim() === ''
      ? [{ path: [...path, 'run'], reason: `step "${name}" has a "run" without commands` }]
      : [];
  const texts = { command, run, shell, workingDir };
  const nul = Object.entries(texts).flatMap(([key, text]) =>
    aboutNul({ [key]: [text ?? []].flat().join(' ') }, path, `step "${name}": "${key}"`),
  );
  return [...empty, ...blank, ...nul, ...aboutNul(env, [...path, 'env'], `step "${name}": "env"`)];
}

function aboutNul(texts: Record<string, string>, path: Complaint['path'], where: string): Complaint[] {
  return Object.entries(texts).flatMap(([key, text]) =>
    text.includes('\0')
      ? [{ path: [...path, key], reason: `${where} has a NUL character, with which no program can start` }]
      : [],
  );
}

function aboutSpawnSize(env: Record<string, string>) {
  return (step: StepFile, index: number): Complaint[] => {
    const size = spawnBytes({ ...step, env: { ...env, ...step.env } });
    const reason = `step "${step.name}": command and env take ${size} bytes, more than the limit of ${MAX_SPAWN_BYTES}`;
    return size > MAX_SPAWN_BYTES ? [{ path: ['steps', index], reason }] : [];
  };
}

function aboutPassed(
  owner: Pick<StepFile, 'passEnv' | 'passPlainEnv'>,
  path: Complaint['path'],
  who: string,
): Complaint[] {
  return (['passEnv', 'passPlainEnv'] as const).flatMap((key) =>
    (owner[key] ?? []).flatMap((name, at) =>
      isSecretVariable(name)
        ? [
            {
              path: [...path, key, at],
              reason:
                `${who} has ${name} in "${key}", but Jobato never passes its own secrets to steps. ` +
                'Use a variable with another name',
            },
          ]
        : [],
    ),
  );
}

function aboutScopes({ scopes = {}, steps = [] }: ProjectFile): Complaint[] {
  const names = new Set(steps.map(({ name }) => name));
  return Object.entries(scopes).flatMap(([scope, chosen]): Complaint[] => {
    if (scope === FULL_SCOPE)
      return [
        {
          path: ['scopes', scope],
          reason: `"${scope}" is a built-in scope. Choose another name`,
          atKey: true,
        },
      ];
    return chosen.flatMap((name, at) =>
      names.has(name)
        ? []
        : [
            {
              path: ['scopes', scope, at],
              reason: `scope "${scope}" contains "${name}", which is not a step`,
            },
          ],
    );
  });
}

function aboutParams({ params = {} }: ProjectFile): Complaint[] {
  const defaults = Object.entries(params).map(([name, param]) => [name, param.default]);
  const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(defaults)));
  const tooLarge = {
    path: ['params'],
    reason: `the defaults take ${bytes} bytes as JSON, more than the limit of ${MAX_PARAMS_BYTES}`,
  };
  const wrong = Object.entries(params).flatMap(([name, param]) => {
    const complaint = complaintAboutParam(param);
    return complaint === null
      ? []
      : [{ path: ['params', name, ...complaint.path], reason: `parameter "${name}": ${complaint.reason}` }];
  });
  return [
    ...(bytes > MAX_PARAMS_BYTES ? [tooLarge] : []),
    ...wrong,
    ...aboutSameVariable(Object.keys(params)),
  ];
}

/** Two parameters must not share one variable: a step could not tell them apart. */
function aboutSameVariable(names: string[]): Complaint[] {
  return names.flatMap((name, index) => {
    const first = names.find((other) => paramVariable(other) === paramVariable(name))!;
    return names.indexOf(first) === index
      ? []
      : [
          {
            path: ['params', name],
            reason: `parameters "${first}" and "${name}" have the same variable ${paramVariable(name)}`,
            atKey: true,
          },
        ];
  });
}

function aboutArtifacts({ artifacts = [], steps = [] }: ProjectFile): Complaint[] {
  const about = (patterns: string[], path: Complaint['path']) =>
    patterns.flatMap((pattern, at) =>
      whyNoWatchPattern(pattern) === null
        ? []
        : [
            {
              path: [...path, at],
              reason: `"artifacts": "${pattern}" must be relative, and may not contain ".."`,
            },
          ],
    );
  return [
    ...about(artifacts, ['artifacts']),
    ...steps.flatMap((step, index) => about(step.artifacts ?? [], ['steps', index, 'artifacts'])),
  ];
}

function aboutWatch({ watch = [] }: ProjectFile): Complaint[] {
  return watch.flatMap((pattern, at) => {
    const flaw = whyNoWatchPattern(pattern);
    return flaw === null ? [] : [{ path: ['watch', at], reason: `"watch": "${pattern}" ${flaw}` }];
  });
}

function aboutNotify({ notify = [] }: ProjectFile): Complaint[] {
  return repeatedChannels(notify).map((at) => ({
    path: ['notify', at, 'channel'],
    reason: `"notify" lists channel "${notify[at]!.channel}" twice. Write all its conditions in one entry`,
  }));
}

/** Returns the size as the operating system counts it: each string has a terminating byte. */
function spawnBytes({ command = [], run, shell = [], env = {} }: StepFile): number {
  const script = run === undefined ? [] : [...shell, run];
  const texts = [...command, ...script, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
}

function toDefinition(file: ProjectFile): ProjectDefinition {
  return {
    projectId: file.id,
    name: file.name ?? file.id,
    description: file.description ?? null,
    tags: file.tags ?? [],
    isEnabled: file.enabled ?? true,
    isDefault: file.default ?? false,
    executor: file.executor ?? 'steps',
    params: Object.fromEntries(
      Object.entries(file.params ?? {}).map(([name, param]) => [name, toParamSpec(param)]),
    ),
    steps: (file.steps ?? []).map((step) => toStep(step, file)),
    parallel: file.parallel ?? DEFAULT_PARALLEL,
    scopes: file.scopes ?? {},
    timeoutSeconds: file.timeoutSeconds ?? null,
    metrics: file.metrics ?? ['newJobsCount', 'relevantCount'],
    quota: file.quota ?? false,
    inputs: file.inputs ?? null,
    watch: file.watch ?? [],
    artifacts: file.artifacts ?? [],
    schedules: toScheduleEntries(file),
    keep: file.keep ?? null,
    result: toResultRule(file.result),
    liveResult: toLiveResult(file.result),
    maxAttempts: file.retry?.maxAttempts ?? 1,
    stopGraceSeconds: file.stopGraceSeconds ?? 30,
    claimTimeoutSeconds: file.claimTimeoutSeconds ?? 0,
    notifications: {
      notify: file.notify ?? NO_NOTIFY_RULES.notify,
      lateAfterSeconds: file.lateAfterSeconds ?? NO_NOTIFY_RULES.lateAfterSeconds,
      longAfterSeconds: file.longAfterSeconds ?? NO_NOTIFY_RULES.longAfterSeconds,
      expectSuccessEverySeconds: file.expectSuccessEverySeconds ?? NO_NOTIFY_RULES.expectSuccessEverySeconds,
    },
  };
}

/** What a step has of its own comes after what the project has for all steps, and wins over it. */
function toStep(step: StepFile, project: ProjectFile): StepDefinition {
  const passed = [...(step.passEnv ?? []), ...(step.passPlainEnv ?? [])];
  const ofProject = Object.entries(project.env ?? {}).filter(([name]) => !passed.includes(name));
  return {
    name: step.name,
    command: step.command ?? [],
    script: step.run === undefined ? null : { text: step.run, shell: step.shell ?? null },
    timeoutSeconds: step.timeoutSeconds ?? null,
    env: { ...Object.fromEntries(ofProject), ...step.env },
    passEnv: together(project.passEnv, step.passEnv),
    passPlainEnv: together(project.passPlainEnv, step.passPlainEnv),
    workingDir: step.workingDir ?? '.',
    needs: step.needs ?? null,
    when: step.when ?? 'success',
    continueOnError: step.continueOnError ?? false,
    artifacts: step.artifacts ?? [],
    mergeOutput: step.mergeOutput ?? false,
    retry: step.retry === undefined ? null : { ...DEFAULT_RETRY, ...step.retry },
  };
}

function together(ofProject: string[] = [], ofStep: string[] = []): string[] {
  return [...new Set([...ofProject, ...ofStep])];
}
