import type { ParamOptions } from './given-params';
import type { JobatoClient } from './jobato-client';
import { showStarted, type StartOptions } from './started-run';
import { typedParams } from './typed-params';

export interface TriggerOptions extends StartOptions, ParamOptions {
  scope?: string;
}

/** Starts a run. Returns the exit code. */
export async function trigger(
  client: JobatoClient,
  projectId: string,
  options: TriggerOptions,
): Promise<number> {
  const params = await typedParams(client, projectId, options);
  return showStarted(client, await client.trigger(projectId, { scope: options.scope, params }), options);
}
