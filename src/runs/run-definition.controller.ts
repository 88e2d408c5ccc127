import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { stringify } from 'yaml';
import { ApiProblems } from '../http/problem-responses';
import type { ProjectDefinition } from '../projects/project';
import type { Run } from './run';
import { RunDefinitionView } from './run-definition.view';
import { RunPipe, runPaths } from './run.pipe';
import { RunRepository } from './run.repository';

const JSON_TYPE = 'application/json';
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml'];
/** Above this, YAML is written as JSON, which it contains: the block style would block the event loop. */
const MAX_BLOCK_STYLE_CHARACTERS = 64 * 1024;

/** The definition that a run was started with. */
@ApiTags('runs')
@Controller('api')
export class RunDefinitionController {
  constructor(private readonly runs: RunRepository) {}

  @Get(runPaths('definition'))
  @ApiExtraModels(RunDefinitionView)
  @ApiOperation({
    operationId: 'getRunDefinition',
    summary: 'Get the project definition that a run was started with',
    description:
      'With every default filled in, as JSON or, with `Accept: application/yaml`, as YAML. Secrets are not a part of it: ' +
      'it has the names in `passEnv` and of secret parameters, not their values. Values in `env` are those of the file.',
  })
  @ApiResponse({
    status: 200,
    description: 'The definition',
    content: {
      [JSON_TYPE]: { schema: { $ref: getSchemaPath(RunDefinitionView) } },
      'application/yaml': { schema: { type: 'string' } },
    },
  })
  @ApiProblems('RUN_NOT_FOUND')
  async definition(
    @Param(RunPipe) run: Run,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const definition = await this.runs.definition(run.definitionHash);
    const type = request.accepts([JSON_TYPE, ...YAML_TYPES]) || JSON_TYPE;
    const isYaml = type !== JSON_TYPE;
    const name = `${run.projectId}-${run.number}.${isYaml ? 'yaml' : 'json'}`;
    response.setHeader('Content-Disposition', `inline; filename="${name}"`);
    response.vary('Accept');
    response.type(`${type}; charset=utf-8`).send(isYaml ? yamlOf(definition) : jsonOf(definition));
  }
}

function jsonOf(definition: ProjectDefinition): string {
  return `${JSON.stringify(definition, null, 2)}\n`;
}

function yamlOf(definition: ProjectDefinition): string {
  const json = jsonOf(definition);
  return json.length > MAX_BLOCK_STYLE_CHARACTERS
    ? json
    : stringify(definition, { aliasDuplicateObjects: false });
}
