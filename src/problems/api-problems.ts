import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { type ErrorCode, type Problem, PROBLEMS } from './catalogue';

class FieldErrorView {
  @ApiProperty({ example: 'params.maxTerms' }) field!: string;
  @ApiProperty({ example: 'must be at most 500' }) message!: string;
}

/** Problem details, RFC 9457. */
export class ProblemView implements Problem {
  @ApiProperty({ example: 'urn:jobato:problem:run-in-progress' }) type!: string;
  @ApiProperty() title!: string;
  @ApiProperty() status!: number;
  @ApiProperty({ description: 'What happened, and how to mend it' }) detail!: string;
  @ApiProperty({ description: 'The path that was asked for' }) instance!: string;
  @ApiProperty({ enum: Object.keys(PROBLEMS) }) errorCode!: ErrorCode;
  @ApiPropertyOptional({ type: [FieldErrorView] }) errors?: FieldErrorView[];
  @ApiPropertyOptional({ description: 'With RUN_IN_PROGRESS' }) activeRunId?: string;
  @ApiPropertyOptional({ description: 'With QUOTA_REACHED', format: 'date-time' }) resetsAt?: string;
}

/** Documents the errors of a route from the one catalogue. */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return applyDecorators(
    ApiExtraModels(ProblemView),
    ...[...byStatus].map(([status, sharing]) =>
      ApiResponse({
        status,
        description: sharing.map((code) => `${code}: ${PROBLEMS[code].title}`).join('. '),
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
      }),
    ),
  );
}
