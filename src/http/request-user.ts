import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { isReadableName } from '../schemas/readable-name';

const HEADER = 'x-forwarded-user';
const MAX_LENGTH = 200;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The user whom a trusted proxy named in `X-Forwarded-User`; null if there is no such proxy or name. */
export const RequestUser = createParamDecorator((_: unknown, context: ExecutionContext): string | null =>
  userOf(context.switchToHttp().getRequest<Request>()),
);

export function userOf(request: Request): string | null {
  // Several headers mean that the proxy added its own to that of the client, so none of them is certain.
  const [header, ...others] = request.headersDistinct[HEADER] ?? [];
  if (header === undefined || others.length > 0) return null;
  // Any client can send the header. Only the address of the connection shows whether a proxy has checked it.
  const isTrusted = request.app.get('trust proxy fn') as (
    address: string | undefined,
    hop: number,
  ) => boolean;
  if (!isTrusted(request.socket.remoteAddress, 0)) return null;
  const name = decoded(header).trim();
  return name !== '' && name.length <= MAX_LENGTH && isReadableName(name) ? name : null;
}

/** Node reads headers as Latin-1, and proxies send names as UTF-8. */
function decoded(header: string): string {
  try {
    return decoder.decode(Buffer.from(header, 'latin1'));
  } catch {
    return header;
  }
}
