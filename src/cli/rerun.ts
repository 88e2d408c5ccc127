import type { ParamOptions } from './given-params';
import type { JobatoClient } from './jobato-client';
import { runIdOf } from './run-reference';
import { showStarted, type StartOptions } from './started-run';
import { typedParams } from './typed-params';

export interface RerunOptions extends StartOptions, ParamOptions {
  /** The first step. */
  from?: string;
  /** The only step. */
  only?: string;
}

/** Starts a new run with the scope and the params of an earlier one. Returns the exit code. */
export async function rerun(client: JobatoClient, reference: string, options: RerunOptions): Promise<number> {
  const { runId, projectId } = await client.run(await runIdOf(client, reference));
  const params = await typedParams(client, projectId, options);
  return showStarted(client, await client.rerun(runId, { scope: scopeOf(options), params }), options);
}

function scopeOf({ from, only }: RerunOptions): string | undefined {
  if (from !== undefined) return `from:${from}`;
  return only === undefined ? undefined : `only:${only}`;
}
