import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import { PARAM_TYPES, type ParamSpec, type ParamType, type ParamValue } from './project';
import type { KnownProject } from './project-catalogue';
import { scopesOf } from './scope';

class ParamView implements Omit<ParamSpec, 'default'> {
  @ApiProperty({ enum: PARAM_TYPES }) type!: ParamType;
  @ApiProperty({ type: String, nullable: true }) description!: string | null;
  @ApiProperty() required!: boolean;
  @ApiProperty({ oneOf: [{ type: 'string', nullable: true }, { type: 'number' }, { type: 'boolean' }] })
  default!: ParamValue | null;
  @ApiProperty({ type: Number, nullable: true }) min!: number | null;
  @ApiProperty({ type: Number, nullable: true }) max!: number | null;
  @ApiProperty({ type: String, nullable: true }) pattern!: string | null;
  @ApiProperty({ type: [String] }) values!: string[];
}

class ProjectStepView {
  @ApiProperty() name!: string;
  @ApiProperty({ type: Number, nullable: true }) timeoutSeconds!: number | null;
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
  @ApiProperty({ type: [String] }) scopes!: string[];
  @ApiProperty({ type: 'object', additionalProperties: { $ref: '#/components/schemas/ParamView' } })
  params!: Record<string, ParamView>;
  @ApiProperty({ type: [String] }) metrics!: string[];
  @ApiProperty({ description: 'never-run, running, or the status of the last run' }) state!: string;
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
 * @param lastStatus status of the latest run; null if there is none
 * @param needsRerun changes since the last run of all steps; null without any
 * @param notes settings of the file that have no effect, or not the expected one
 */
export function toProjectView(
  { definition, definitionHash, isDefault }: KnownProject,
  lastStatus: string | null,
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
    steps: definition.steps.map(({ name, timeoutSeconds }) => ({ name, timeoutSeconds })),
    scopes: scopesOf(definition),
    params: definition.params,
    metrics: definition.metrics,
    state: lastStatus ?? 'never-run',
    needsRerun,
    notes,
    definitionHash,
  };
}
