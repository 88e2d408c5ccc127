import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem-responses';
import { JobatoError } from '../http/problem-catalogue';
import type { JsonSchema } from '../schemas/annotated-schema';
import { CONFIG_SCHEMAS, type ConfigSchemaName } from './config-schemas';

const NAMES = Object.keys(CONFIG_SCHEMAS);

@ApiTags('projects')
@Controller('api/schemas')
export class ConfigSchemasController {
  @Get(':name.json')
  @ApiOperation({
    operationId: 'getConfigSchema',
    summary: 'Get the JSON Schema of a configuration file, for editors',
    description: 'JSON Schema draft-07. `project` is the schema of project files.',
  })
  @ApiParam({ name: 'name', enum: NAMES })
  @ApiResponse({
    status: 200,
    description: 'A JSON Schema',
    schema: { type: 'object', additionalProperties: true },
  })
  @ApiProblems('NOT_FOUND')
  read(@Param('name') name: string): JsonSchema {
    if (Object.hasOwn(CONFIG_SCHEMAS, name)) return CONFIG_SCHEMAS[name as ConfigSchemaName];
    throw new JobatoError(
      'NOT_FOUND',
      `Schema "${name}" does not exist. The schemas are ${NAMES.join(', ')}.`,
    );
  }
}
