import type { Response as SupertestResponse } from 'supertest';
import type { ErrorCode, Problem } from '../../src/http/problem-catalogue';

/** Checks the rules for every error response, for supertest: `.expect(problem(404, 'RUN_NOT_FOUND'))`. */
export function problem(
  status: number,
  errorCode: ErrorCode,
  /** Properties that the body must also have. */
  more: Partial<Record<keyof Problem, unknown>> = {},
): (response: SupertestResponse) => void {
  return ({ status: given, headers, text }) => {
    const type = headers['content-type'] as string;
    expect(checkProblem({ status: given, type, text }, status, errorCode)).toMatchObject(more);
  };
}

/** Checks a VALIDATION problem with exactly these fields, for supertest: `.expect(invalid('limit'))`. */
export function invalid(...fields: string[]): (response: SupertestResponse) => void {
  return ({ status, headers, text }) => {
    const type = headers['content-type'] as string;
    expect(fieldsOf(checkProblem({ status, type, text }, 400, 'VALIDATION'))).toEqual(fields);
  };
}

/** Checks the rules for every error response. @returns the problem, for further checks */
export async function expectProblem(
  response: Response,
  status: number,
  errorCode: ErrorCode,
): Promise<Problem> {
  const text = await response.text();
  const type = response.headers.get('content-type');
  return checkProblem({ status: response.status, type, text }, status, errorCode);
}

function checkProblem(
  answer: { status: number; type: string | null; text: string },
  status: number,
  errorCode: ErrorCode,
): Problem {
  const { text } = answer;
  expect(answer).toEqual({ status, type: 'application/problem+json; charset=utf-8', text });
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^\S+$/),
    title: expect.stringMatching(/\S/),
    status,
    detail: expect.stringMatching(/\S/),
    instance: expect.stringMatching(/^\//),
    errorCode,
  });
  // No stack and no path of the machine.
  expect(text).not.toMatch(/node_modules|\bat [\w.<>]+ \(|\.[jt]s:\d+/);
  expect(text).not.toContain(process.cwd());
  return problem;
}

/** Returns the fields that a VALIDATION problem lists. */
export async function expectInvalid(response: Response): Promise<string[]> {
  return fieldsOf(await expectProblem(response, 400, 'VALIDATION'));
}

function fieldsOf({ errors }: Problem): string[] {
  expect(errors).toBeInstanceOf(Array);
  for (const error of errors!) {
    expect(Object.keys(error).sort()).toEqual(['field', 'message']);
    expect(error.message).toMatch(/\S/);
  }
  return errors!.map(({ field }) => field);
}
