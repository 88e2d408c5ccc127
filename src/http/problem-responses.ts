import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  type ApiResponseOptions,
  getSchemaPath,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { type ErrorCode, type Problem, PROBLEMS } from './problem-catalogue';

class FieldErrorView {
  @ApiProperty({ example: 'params.maxTerms' }) field!: string;
  @ApiProperty({ example: 'must be at most 500' }) message!: string;
}

/** Problem details, RFC 9457. */
export class ProblemView implements Problem {
  @ApiProperty({ example: 'urn:jobato:problem:run-in-progress' }) type!: string;
  @ApiProperty() title!: string;
  @ApiProperty({ type: 'integer' }) status!: number;
  @ApiProperty({ description: 'What happened and how to fix it' }) detail!: string;
  @ApiProperty({ description: 'Path of the request' }) instance!: string;
  @ApiProperty({ enum: Object.keys(PROBLEMS), enumName: 'ErrorCode' }) errorCode!: ErrorCode;
  @ApiPropertyOptional({ type: [FieldErrorView] }) errors?: FieldErrorView[];
  @ApiPropertyOptional({ description: 'Only with RUN_IN_PROGRESS' }) activeRunId?: string;
  @ApiPropertyOptional({ type: 'integer', description: 'Only with RUN_IN_PROGRESS' })
  activeRunNumber?: number;
  @ApiPropertyOptional({
    description: 'Only with QUOTA_REACHED: start of the next quota day',
    format: 'date-time',
  })
  resetsAt?: string;
}

/** Documents the errors of a route from the error catalogue. */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return applyDecorators(
    ApiExtraModels(ProblemView),
    ...[...byStatus].map(([status, sharing]) =>
      ApiResponse({ status, ...problemResponse(status, sharing.map(described).join('. ')) }),
    ),
  );
}

type Responses = Record<string, ApiResponseOptions & { description: string }>;

interface Operation {
  parameters?: unknown[];
  security?: unknown[];
  responses: Responses;
}

/** Errors that do not depend on the route: they come from middleware or from the storage. */
const COMMON_PROBLEMS: {
  codes: ErrorCode[];
  areAnswersOf: (method: string, operation: Operation) => boolean;
}[] = [
  {
    codes: ['UNAUTHORIZED', 'MISDIRECTED_REQUEST', 'TOO_MANY_REQUESTS', 'STORAGE_UNAVAILABLE'],
    areAnswersOf: (_method, operation) => !isOpen(operation),
  },
  {
    codes: ['VALIDATION'],
    areAnswersOf: (method, { parameters = [] }) => isWrite(method) || parameters.length > 0,
  },
  {
    codes: ['FORBIDDEN', 'REQUEST_TIMEOUT', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'STORAGE_FULL'],
    areAnswersOf: isWrite,
  },
];
const READING = ['get', 'head', 'options'];
/** Statuses whose responses may have a `Retry-After` header. */
const WITH_RETRY_AFTER = [429, 503, 507];

/** Adds to every operation the common problems of its kind. */
export function withCommonProblems(api: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(api.paths)) {
    for (const [method, operation] of Object.entries(path) as [string, Operation][]) {
      for (const { codes, areAnswersOf } of COMMON_PROBLEMS) {
        if (areAnswersOf(method, operation)) for (const code of codes) addProblem(operation.responses, code);
      }
    }
  }
  return api;
}

function addProblem(responses: Responses, code: ErrorCode): void {
  const { status } = PROBLEMS[code];
  const before = responses[status];
  if (before?.description.includes(code)) return;
  const problem = problemResponse(status, [before?.description, described(code)].filter(Boolean).join('. '));
  const content = { ...(before as { content?: object } | undefined)?.content, ...problem.content };
  responses[status] = { ...before, ...problem, content };
}

/** An empty `security` list: the credentials of such a call are ignored. */
function isOpen({ security }: Operation): boolean {
  return security?.length === 0;
}

function isWrite(method: string): boolean {
  return !READING.includes(method);
}

function described(code: ErrorCode): string {
  return `${code}: ${PROBLEMS[code].title}`;
}

function problemResponse(status: number, description: string) {
  return {
    description,
    ...(WITH_RETRY_AFTER.includes(status) && {
      headers: {
        'Retry-After': {
          description: 'Seconds to wait before the same request can succeed, if known',
          schema: { type: 'integer' as const },
        },
      },
    }),
    content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
  };
}
