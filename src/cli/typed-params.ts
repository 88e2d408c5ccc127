import { paramsFromCommandLine, wronglyRepeated } from '../projects/param-text';
import { usageFailure } from './failures';
import { givenParams, type ParamOptions } from './given-params';
import type { JobatoClient } from './jobato-client';
import { oneLine } from './terminal-text';

/** Returns the params of a command line as the project declares them, or undefined without any. */
export async function typedParams(
  client: JobatoClient,
  projectId: string,
  options: ParamOptions,
): Promise<Record<string, unknown> | undefined> {
  const given = await givenParams(options, process.env, process.stdin);
  if (given === undefined) return undefined;
  // Only the server has the types of the params.
  const { params: specs } = await client.project(projectId);
  const [repeated] = wronglyRepeated(specs, given);
  if (repeated !== undefined)
    throw usageFailure(
      `--param ${oneLine(repeated)} is set twice. Only a parameter of type array can be repeated.`,
    );
  return paramsFromCommandLine(specs, given);
}
