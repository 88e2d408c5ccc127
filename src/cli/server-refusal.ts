import type { Problem } from '../http/problem-catalogue';
import { CliFailure, EXIT } from './failures';
import { commandLine } from '../config/command-line';
import { oneLine } from './terminal-text';

/** An error response of the server, with the texts of its problem document. */
export class ServerRefusal extends CliFailure {
  constructor(
    readonly httpStatus: number,
    readonly problem: Partial<Problem> | null,
    url: string,
  ) {
    super(problem === null ? notAProblem(httpStatus, url) : inWords(problem), EXIT.notCompleted);
    this.name = 'ServerRefusal';
  }

  static async from(response: Response, url: string): Promise<ServerRefusal> {
    const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
    const body: unknown = isProblem ? await response.json().catch(() => null) : null;
    if (!isProblem) await response.body?.cancel();
    return new ServerRefusal(response.status, body as Partial<Problem> | null, url);
  }
}

function inWords({
  title,
  detail,
  errors,
  errorCode,
  activeRunId,
  activeRunNumber,
  resetsAt,
}: Partial<Problem>): string {
  const lines = [`${oneLine(title ?? 'The server refused the request')}.`];
  // For invalid input, the detail only repeats the list of fields.
  if (detail && !errors?.length) lines.push(oneLine(detail));
  for (const { field, message } of errors ?? []) lines.push(`  ${oneLine(`${field} ${message}`.trim())}`);
  if (errorCode === 'RUN_IN_PROGRESS' && activeRunId) {
    lines.push(
      `Active run: ${activeRunNumber === undefined ? '' : `#${activeRunNumber}, `}${activeRunId}`,
      `  follow:  ${commandLine(`logs ${activeRunId} --follow`)}`,
      `  cancel:  ${commandLine(`cancel ${activeRunId}`)}`,
    );
  }
  if (resetsAt) lines.push(`The next quota day starts at ${oneLine(resetsAt)}.`);
  if (errorCode === 'UNAUTHORIZED') {
    lines.push('Set JOBATO_ADMIN_TOKEN to the token of the server.');
  }
  return lines.join('\n');
}

function notAProblem(httpStatus: number, url: string): string {
  return `${url} returned status ${httpStatus}, but is not a Jobato server. Check JOBATO_URL.`;
}
