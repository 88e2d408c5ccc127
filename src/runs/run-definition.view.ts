import { ApiProperty } from '@nestjs/swagger';
import type { ProjectDefinition } from '../projects/project';

const OBJECT = { type: 'object', additionalProperties: true } as const;

/** The definition of a project as runs keep it. The other members are those of the project file. */
export class RunDefinitionView implements Pick<
  ProjectDefinition,
  'projectId' | 'name' | 'executor' | 'params' | 'steps' | 'scopes'
> {
  @ApiProperty() projectId!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['steps', 'external'] }) executor!: ProjectDefinition['executor'];
  @ApiProperty({ ...OBJECT, description: 'By name' }) params!: ProjectDefinition['params'];
  @ApiProperty({ type: 'array', items: OBJECT, description: 'With commands, environments and limits' })
  steps!: ProjectDefinition['steps'];
  @ApiProperty({ ...OBJECT, description: 'Names of steps, by name of the scope' })
  scopes!: ProjectDefinition['scopes'];
}
