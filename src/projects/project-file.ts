import Ajv from 'ajv';
import { type Complaint, parseYaml } from '../config-files/parse-yaml';
import { MAX_PARAMS_BYTES, whyNot } from './params';
import { whyNoPattern } from './pattern';
import type { ParamSpec, ProjectDefinition, StepDefinition } from './project';
import { type ParamFile, PROJECT_FILE_SCHEMA, type ProjectFile, type StepFile } from './project-file.schema';
import { isSecretVariable } from '../config/secrets';
import { FULL_SCOPE } from './scope';

export type ParsedProject =
  | { project: ProjectDefinition; line?: undefined; reason?: undefined }
  | { project?: undefined; line: number | null; reason: string };

/** What a step may ask for. Linux takes 2 MiB as a rule, of which params and passed variables need their part. */
const MAX_SPAWN_BYTES = 512 * 1024;

const validate = new Ajv({ allErrors: false, allowUnionTypes: true }).compile(PROJECT_FILE_SCHEMA);

/** Reads one file of config/projects. Never throws: a file that cannot be used says where and why. */
export function parseProjectFile(source: string): ParsedProject {
  const { content, line, reason } = parseYaml(source, validate, 'id: glossary', complaintAbout);
  return content === undefined ? { line, reason } : { project: toDefinition(content) };
}

/** The rules that span more than one place of the file. */
function complaintAbout(file: ProjectFile): Complaint | null {
  const steps = file.steps ?? [];
  const names = steps.map(({ name }) => name);
  if (file.executor !== 'external') {
    if (steps.length === 0) {
      return {
        path: ['steps'],
        reason: '"steps" must list at least one step, or "executor: external" be set',
      };
    }
    const commandless = steps.findIndex(({ command }) => command === undefined);
    if (commandless >= 0)
      return { path: ['steps', commandless], reason: `step "${names[commandless]}" needs a "command"` };
  }
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) return { path: ['steps', twice, 'name'], reason: `two steps are called "${names[twice]}"` };

  for (const [index, step] of steps.entries()) {
    const size = spawnBytes(step);
    if (size > MAX_SPAWN_BYTES) {
      return {
        path: ['steps', index],
        reason: `step "${step.name}": command and env take ${size} bytes, at most ${MAX_SPAWN_BYTES} are allowed`,
      };
    }
    const secret = (step.passEnv ?? []).findIndex(isSecretVariable);
    if (secret >= 0) {
      return {
        path: ['steps', index, 'passEnv', secret],
        reason:
          `step "${step.name}" asks for ${step.passEnv![secret]}, which belongs to Jobato and is never passed to steps. ` +
          'Set a variable of another name for it',
      };
    }
  }

  for (const [scope, chosen] of Object.entries(file.scopes ?? {})) {
    if (scope === FULL_SCOPE)
      return { path: ['scopes', scope], reason: `"${scope}" is built in`, atKey: true };
    const unknown = chosen.findIndex((name) => !names.includes(name));
    if (unknown >= 0) {
      return {
        path: ['scopes', scope, unknown],
        reason: `scope "${scope}" names "${chosen[unknown]}", which is no step`,
      };
    }
  }
  const defaults = Object.entries(file.params ?? {}).map(([name, param]) => [name, param.default]);
  const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(defaults)));
  if (bytes > MAX_PARAMS_BYTES) {
    return {
      path: ['params'],
      reason: `the defaults take ${bytes} bytes as JSON, at most ${MAX_PARAMS_BYTES} are allowed`,
    };
  }
  for (const [name, param] of Object.entries(file.params ?? {})) {
    const complaint = complaintAboutParam(param);
    if (complaint)
      return {
        path: ['params', name, ...complaint.path],
        reason: `parameter "${name}": ${complaint.reason}`,
      };
  }
  return null;
}

/** As the system counts them: each text with a byte at its end. */
function spawnBytes({ command = [], env = {} }: StepFile): number {
  const texts = [...command, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
}

function complaintAboutParam(param: ParamFile): Complaint | null {
  if (param.type === 'enum' && !param.values) return { path: [], reason: 'an enum needs "values"' };
  const flaw = param.pattern === undefined ? null : whyNoPattern(param.pattern);
  if (flaw !== null) return { path: ['pattern'], reason: `"pattern" ${flaw}` };
  if (param.default === undefined) return null;
  const reason = whyNot(toParamSpec(param), param.default);
  return reason === null ? null : { path: ['default'], reason: `the default ${reason}` };
}

function toDefinition(file: ProjectFile): ProjectDefinition {
  return {
    projectId: file.id,
    name: file.name ?? file.id,
    isDefault: file.default ?? false,
    executor: file.executor ?? 'steps',
    params: Object.fromEntries(
      Object.entries(file.params ?? {}).map(([name, param]) => [name, toParamSpec(param)]),
    ),
    steps: (file.steps ?? []).map(toStep),
    scopes: file.scopes ?? {},
    timeoutSeconds: file.timeoutSeconds ?? null,
    metrics: file.metrics ?? ['newJobsCount', 'relevantCount'],
    quota: file.quota ?? false,
    inputs: file.inputs ?? null,
    schedule: file.schedule
      ? {
          cron: file.schedule.cron,
          timeZone: file.schedule.timeZone ?? 'UTC',
          catchUp: file.schedule.catchUp ?? false,
        }
      : null,
    maxAttempts: file.retry?.maxAttempts ?? 1,
    stopGraceSeconds: file.stopGraceSeconds ?? 30,
    claimTimeoutSeconds: file.claimTimeoutSeconds ?? 0,
  };
}

function toStep(step: StepFile): StepDefinition {
  return {
    name: step.name,
    command: step.command ?? [],
    timeoutSeconds: step.timeoutSeconds ?? null,
    env: Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, String(value)])),
    passEnv: step.passEnv ?? [],
    workingDir: step.workingDir ?? '.',
  };
}

function toParamSpec(param: ParamFile): ParamSpec {
  return {
    type: param.type,
    description: param.description ?? null,
    required: param.required ?? false,
    default: param.default ?? null,
    min: param.min ?? null,
    max: param.max ?? null,
    pattern: param.pattern ?? null,
    values: param.values ?? [],
  };
}
