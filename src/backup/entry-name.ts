import type { Header } from 'tar-stream';

type Records = Record<string, string>;

/** Records with the exact bytes of a name or a link target that is not UTF-8. Other programs ignore them. */
const PATH_RECORD = 'JOBATO.path';
const LINK_RECORD = 'JOBATO.linkpath';

/** Returns the fields of a tar header for a path, and for the target of a link. */
export function namedHeader(
  path: Buffer,
  target: Buffer | null,
): { name: string; linkname?: string; pax?: Records } {
  const pax = {
    ...(!isUtf8(path) && { [PATH_RECORD]: path.toString('base64') }),
    ...(target !== null && !isUtf8(target) && { [LINK_RECORD]: target.toString('base64') }),
  };
  return {
    name: path.toString(),
    ...(target !== null && { linkname: target.toString() }),
    ...(Object.keys(pax).length > 0 && { pax }),
  };
}

/** Returns the path of an entry, without a slash at the end. */
export function pathOf({ name, pax }: Header): Buffer {
  const exact = (pax as Records | null)?.[PATH_RECORD];
  return exact === undefined ? Buffer.from(name.replace(/\/$/, '')) : Buffer.from(exact, 'base64');
}

/** Returns the target of a link. */
export function targetOf({ linkname, pax }: Partial<Header>): Buffer {
  const exact = (pax as Records | null)?.[LINK_RECORD];
  return exact === undefined ? Buffer.from(linkname ?? '') : Buffer.from(exact, 'base64');
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}
