import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Health, type HealthReport } from './health';

class HealthAnswer implements HealthReport {
  @ApiProperty({ enum: ['ok', 'trouble'] }) status!: HealthReport['status'];
  @ApiProperty({
    description:
      'Each dependency by name, with `status`, `message`, and `needsAttention`: somebody has to decide or mend ' +
      'something, though the server itself is well',
    type: 'object',
    additionalProperties: true,
  })
  dependencies!: HealthReport['dependencies'];
}

@ApiTags('health')
@Controller('api/health')
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get()
  @ApiOperation({ summary: 'Each dependency by name; 503 if one is in trouble' })
  @ApiResponse({ status: 200, type: HealthAnswer })
  @ApiResponse({ status: 503, type: HealthAnswer })
  async report(@Res({ passthrough: true }) response: Response): Promise<HealthReport> {
    const report = await this.health.report();
    response.status(report.status === 'ok' ? 200 : 503);
    return report;
  }

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Runs can be accepted: the database answers, and the server is not stopping' })
  @ApiResponse({ status: 200 })
  @ApiResponse({ status: 503 })
  async ready(@Res({ passthrough: true }) response: Response): Promise<{ status: string; message?: string }> {
    const problem = await this.health.whyNotReady();
    if (problem === null) return { status: 'ok' };
    response.status(503);
    return { status: 'not-ready', message: problem };
  }
}
