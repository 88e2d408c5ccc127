import type { Environment } from '../config/environment';

type Output = Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>;

/**
 * Returns whether output to this stream has colours, by the rules of gh: only on a terminal, unless a variable forces or
 * forbids them. FORCE_COLOR is Node's name for the same.
 */
export function hasColours(output: Output, environment: Environment): boolean {
  const { FORCE_COLOR: force, CLICOLOR_FORCE: cliForce, NO_COLOR, CLICOLOR, TERM } = environment;
  if (force === '0' || force === 'false') return false;
  if (force || (cliForce && cliForce !== '0')) return true;
  if (NO_COLOR || CLICOLOR === '0' || TERM === 'dumb' || output.isTTY !== true) return false;
  // Node would take an empty NO_COLOR or FORCE_COLOR as set.
  return output.hasColors({ ...environment, NO_COLOR: undefined, FORCE_COLOR: undefined });
}
