import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import {
  PARAM_TYPES,
  type ParamSpec,
  type ParamType,
  type ParamValue,
  STEP_WHENS,
  type StepWhen,
} from './project';
import type { KnownProject } from './project-catalogue';
import { scopesOf } from './scope';

const VALUE = {
  oneOf: [
    { type: 'string', nullable: true },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'array', items: { type: 'string' } },
  ],
};
const BOUND = { oneOf: [{ type: 'number', nullable: true }, { type: 'string' }] };
const OF_BOUND = 'number, date, length in characters, or number of items';

class ParamView implements ParamSpec {
  @ApiProperty({ enum: PARAM_TYPES }) type!: ParamType;
  @ApiProperty({ type: String, nullable: true }) description!: string | null;
  @ApiProperty({ ...VALUE, description: 'A valid value for readers' }) example!: ParamValue | null;
  @ApiProperty() required!: boolean;
  @ApiProperty({ ...VALUE, description: 'Applies if no value is given' }) default!: ParamValue | null;
  @ApiProperty({ description: 'A string that is edited in several lines' }) multiline!: boolean;
  @ApiProperty({ ...BOUND, description: `Smallest ${OF_BOUND}` }) min!: number | string | null;
  @ApiProperty({ ...BOUND, description: `Largest ${OF_BOUND}` }) max!: number | string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Regular expression (RE2) for the whole text, or for each item of an array',
  })
  pattern!: string | null;
  @ApiProperty({
    type: [String],
    description: 'Allowed values of an enum, or of each item of an array; empty without such a rule',
  })
  values!: string[];
}

class ProjectStepView {
  @ApiProperty() name!: string;
  @ApiProperty({ type: Number, nullable: true }) timeoutSeconds!: number | null;
  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Steps that must end before; null: as in the file',
  })
  needs!: string[] | null;
  @ApiProperty({ enum: STEP_WHENS }) when!: StepWhen;
  @ApiProperty({ description: 'A failure of the step makes the run partial' }) continueOnError!: boolean;
  @ApiProperty({ type: 'integer', description: 'Attempts at the step before it fails' }) maxAttempts!: number;
}

/** The active run of a project, else its latest. */
export class LatestRunView {
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: 'integer' }) number!: number;
  @ApiProperty({ format: 'date-time' }) startedAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) endedAt!: string | null;
}

@ApiExtraModels(ParamView)
/** A project as the API returns it, without commands and environments. */
export class ProjectView {
  @ApiProperty({ description: 'Same as projectId, under the key used in the project file' }) id!: string;
  @ApiProperty() projectId!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: String, nullable: true }) description!: string | null;
  @ApiProperty({ type: [String] }) tags!: string[];
  @ApiProperty({ description: 'False: no run of the project starts' }) enabled!: boolean;
  @ApiProperty() default!: boolean;
  @ApiProperty({ enum: ['steps', 'external'] }) executor!: 'steps' | 'external';
  @ApiProperty({ type: [ProjectStepView] }) steps!: ProjectStepView[];
  @ApiProperty({ type: 'integer', description: 'Steps that may run side by side' }) parallel!: number;
  @ApiProperty({ type: [String] }) scopes!: string[];
  @ApiProperty({ type: 'object', additionalProperties: { $ref: '#/components/schemas/ParamView' } })
  params!: Record<string, ParamView>;
  @ApiProperty({ type: [String] }) metrics!: string[];
  @ApiProperty({ description: 'never-run, running, or the status of the last run' }) state!: string;
  @ApiProperty({
    type: LatestRunView,
    nullable: true,
    description: 'The active run, else the latest; null if none. Its status is `state`',
  })
  latestRun!: LatestRunView | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What has changed since the last full run, as text; null if nothing has changed',
  })
  needsRerun!: string | null;
  @ApiProperty({
    type: [String],
    description: 'Settings in the project file that have no effect or not the expected one, as text',
  })
  notes!: string[];
  @ApiProperty({
    description: 'Hash of the current definition; each run keeps the definition that it started with',
  })
  definitionHash!: string;
}

export class ProjectProblemView {
  @ApiProperty({ example: 'projects/old.yaml' }) file!: string;
  @ApiProperty({ type: 'integer', nullable: true }) line!: number | null;
  @ApiProperty() reason!: string;
}

export class ProjectListView {
  @ApiProperty({ type: [ProjectView] }) items!: ProjectView[];
  @ApiProperty({ type: [ProjectProblemView], description: 'Project files with errors' })
  problems!: ProjectProblemView[];
}

/**
 * @param latest the active run, else the latest; null if there is none
 * @param needsRerun changes since the last run of all steps; null without any
 * @param notes settings of the file that have no effect, or not the expected one
 */
export function toProjectView(
  { definition, definitionHash, isDefault }: KnownProject,
  latest: (LatestRunView & { status: string }) | null,
  needsRerun: string | null,
  notes: string[],
): ProjectView {
  return {
    id: definition.projectId,
    projectId: definition.projectId,
    name: definition.name,
    description: definition.description,
    tags: definition.tags,
    enabled: definition.isEnabled,
    default: isDefault,
    executor: definition.executor,
    steps: definition.steps.map(({ name, timeoutSeconds, needs, when, continueOnError, retry }) => ({
      name,
      timeoutSeconds,
      needs,
      when,
      continueOnError,
      maxAttempts: retry?.maxAttempts ?? 1,
    })),
    parallel: definition.parallel,
    scopes: scopesOf(definition),
    params: definition.params,
    metrics: definition.metrics,
    state: latest?.status ?? 'never-run',
    latestRun: latest && {
      runId: latest.runId,
      number: latest.number,
      startedAt: latest.startedAt,
      endedAt: latest.endedAt,
    },
    needsRerun,
    notes,
    definitionHash,
  };
}
