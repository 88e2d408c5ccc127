import { Controller, Get, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { type DependencyHealth, type HealthReport, HealthService } from './health.service';

const HEALTH = ['ok', 'trouble'];

class DependencyView implements DependencyHealth {
  @ApiProperty({ enum: HEALTH }) status!: DependencyHealth['status'];
  @ApiProperty({ description: 'What is wrong and how to fix it, or details about the dependency' })
  message!: string;
  @ApiProperty({ description: 'True if the server works, but an operator must decide or fix something' })
  needsAttention!: boolean;
}

class LivenessAnswer {
  @ApiProperty({ enum: ['ok'] }) status!: 'ok';
}

class ReadinessAnswer {
  @ApiProperty({ enum: ['ok', 'not-ready'] }) status!: 'ok' | 'not-ready';
  @ApiPropertyOptional({ description: 'Why the server is not ready' }) message?: string;
}

@ApiExtraModels(DependencyView)
class HealthAnswer implements HealthReport {
  @ApiProperty({ enum: HEALTH }) status!: HealthReport['status'];
  @ApiProperty({
    description: 'Status of each dependency by name',
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(DependencyView) },
  })
  dependencies!: HealthReport['dependencies'];
}

@ApiTags('health')
@Controller('api/health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @ApiOperation({
    operationId: 'getHealth',
    summary: 'Get the health of each dependency; 503 if one is in trouble',
  })
  @ApiResponse({ status: 200, type: HealthAnswer, description: 'All dependencies are healthy' })
  @ApiResponse({ status: 503, type: HealthAnswer, description: 'A dependency is in trouble' })
  async report(@Res({ passthrough: true }) response: Response): Promise<HealthReport> {
    const report = await this.health.report();
    response.status(report.status === 'ok' ? 200 : 503);
    return report;
  }

  @Get('live')
  @ApiOperation({ operationId: 'getLiveness', summary: 'The process is running' })
  @ApiResponse({ status: 200, type: LivenessAnswer, description: 'The process is running' })
  live(): LivenessAnswer {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Check whether the server accepts runs: the database responds, and the server is not stopping',
  })
  @ApiResponse({ status: 200, type: ReadinessAnswer, description: 'The server accepts runs' })
  @ApiResponse({ status: 503, type: ReadinessAnswer, description: 'The server does not accept runs' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessAnswer> {
    const problem = await this.health.whyNotReady();
    if (problem === null) return { status: 'ok' };
    response.status(503);
    return { status: 'not-ready', message: problem };
  }
}
