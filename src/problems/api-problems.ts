import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  getSchemaPath,
  type OpenAPIObject,
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
      ApiResponse({ status, ...problemResponse(sharing.map(described).join('. ')) }),
    ),
  );
}

const READING = new Set(['get', 'head', 'options']);
const STORAGE_PROBLEMS = ['STORAGE_UNAVAILABLE', 'STORAGE_FULL'] as const;

/** Adds to every writing call what it answers when the storage cannot be written: any of them may. */
export function withStorageProblems(api: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(api.paths)) {
    for (const [method, operation] of Object.entries(path) as [string, { responses: Responses }][]) {
      if (READING.has(method)) continue;
      for (const code of STORAGE_PROBLEMS) {
        const { status } = PROBLEMS[code];
        const before = operation.responses[status]?.description;
        if (before?.includes(code)) continue;
        const description = [...(before ? [before] : []), described(code)].join('. ');
        operation.responses[status] = problemResponse(description);
      }
    }
  }
  return api;
}

type Responses = Record<string, { description: string }>;

function described(code: ErrorCode): string {
  return `${code}: ${PROBLEMS[code].title}`;
}

function problemResponse(description: string) {
  return {
    description,
    content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
  };
}
