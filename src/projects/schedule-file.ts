import type { Complaint } from '../config-files/parse-yaml';
import { parseCron } from '../cron/cron-expression';
import { timeZoneName } from '../cron/time-zone-name';
import { complaintAboutParam, toParamSpec } from './param-file';
import { checkParams, requiredSecrets } from './params';
import type { ScheduleEntry } from './project';
import type { ProjectFile } from './project-file.schema';
import { FULL_SCOPE, stepNamedBy } from './scope';
import { DEFAULT_SCHEDULE } from './schedule-name';

/** Where the items of lists are texts, as in a param: see param-file.ts. */
export const SCHEDULE_TEXTS = [
  ['schedule', 'params', '*', '*'],
  ['schedule', '*', 'params', '*', '*'],
];

/** Returns the entries with every default filled in. */
export function toScheduleEntries({ schedule }: ProjectFile): ScheduleEntry[] {
  return entriesOf(schedule).map(({ entry }) => ({
    name: entry.name ?? DEFAULT_SCHEDULE,
    cron: entry.cron.trim(),
    timeZone: timeZoneName(entry.timeZone ?? 'UTC') ?? 'UTC',
    scope: entry.scope ?? FULL_SCOPE,
    params: entry.params ?? {},
    catchUp: entry.catchUp ?? false,
    isEnabled: entry.enabled ?? true,
  }));
}

/** Returns the mistakes of the entries that do not depend on other keys. */
export function aboutSchedule({ schedule }: ProjectFile): Complaint[] {
  const entries = entriesOf(schedule);
  const names = entries.map(({ entry }) => entry.name);
  return entries.flatMap(({ entry, path, who }, index) => {
    const { name, cron, timeZone } = entry;
    const parsed = parseCron(cron);
    const twice = { path: [...path, 'name'], reason: `two schedules have the name "${name}"` };
    const aboutZone = {
      path: [...path, 'timeZone'],
      reason: `${who}"timeZone": "${timeZone}" is not a time zone such as Europe/Berlin or UTC`,
    };
    return [
      ...(names.indexOf(name) === index ? [] : [twice]),
      ...('flaw' in parsed
        ? [{ path: [...path, 'cron'], reason: `${who}"cron": "${cron}" ${parsed.flaw}` }]
        : []),
      ...(timeZone === undefined || timeZoneName(timeZone) !== null ? [] : [aboutZone]),
    ];
  });
}

/** Returns the scopes of entries that the project does not have. */
export function aboutScheduleScopes({ schedule, steps = [], scopes = {} }: ProjectFile): Complaint[] {
  const names = steps.map(({ name }) => name);
  const exists = (scope: string) =>
    scope === FULL_SCOPE || Object.hasOwn(scopes, scope) || names.includes(stepNamedBy(scope) ?? '');
  return entriesOf(schedule).flatMap(({ entry: { scope = FULL_SCOPE }, path, who }) =>
    exists(scope)
      ? []
      : [
          {
            path: [...path, 'scope'],
            reason: `${who}"scope": "${scope}" is not a scope of this project: "${FULL_SCOPE}", one of "scopes", from:STEP or only:STEP`,
          },
        ],
  );
}

/** Returns the mistakes in the params with which the runs of the entries would start. */
export function aboutScheduleParams({ schedule, params = {} }: ProjectFile): Complaint[] {
  // Values cannot be checked by rules that are wrong themselves.
  if (Object.values(params).some((param) => complaintAboutParam(param) !== null)) return [];
  const specs = Object.fromEntries(Object.entries(params).map(([name, param]) => [name, toParamSpec(param)]));
  const needed = requiredSecrets(specs);
  return entriesOf(schedule).flatMap(({ entry, path, who }): Complaint[] => {
    const given = entry.params ?? {};
    const at = (name: string) => (Object.hasOwn(given, name) ? [...path, 'params', name] : path);
    const isSecret = (name: string) => Object.hasOwn(specs, name) && specs[name]!.type === 'secret';
    const secrets = new Set([...needed, ...Object.keys(given).filter(isSecret)]);
    const { errors } = checkParams(specs, given);
    return [
      ...[...secrets].map((name) => ({
        path: at(name),
        reason: Object.hasOwn(given, name)
          ? `${who}"params": "${name}" is a secret, and every reader can see this file. A schedule cannot give secrets`
          : `${who}the secret "${name}" is required, and a schedule cannot give secrets`,
      })),
      ...errors.flatMap(({ field, message }) => {
        const name = field.replace(/^params\.?/, '');
        if (secrets.has(name)) return [];
        return [
          name === ''
            ? { path: [...path, 'params'], reason: `${who}"params" ${message}` }
            : { path: at(name), reason: `${who}"params": "${name}" ${message}` },
        ];
      }),
    ];
  });
}

/** Returns the entries with their places in the file, and how a message names them. */
function entriesOf(schedule: ProjectFile['schedule']) {
  if (schedule === undefined) return [];
  return Array.isArray(schedule)
    ? schedule.map((entry, index) => ({
        entry,
        path: ['schedule', index] as Complaint['path'],
        who: `schedule "${entry.name}": `,
      }))
    : [{ entry: schedule, path: ['schedule'] as Complaint['path'], who: '' }];
}
