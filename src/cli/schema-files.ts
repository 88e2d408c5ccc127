import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_SCHEMAS } from '../config-schemas/config-schemas';
import { unwritable } from './failures';

/**
 * Writes the JSON Schemas for editors to the folder `schemas`. Replaces older ones: they belong to the installed
 * version of Jobato and not to the user.
 * @returns the files that were new or different
 */
export function writeSchemaFiles(configDir: string): string[] {
  const folder = join(configDir, 'schemas');
  return Object.entries(CONFIG_SCHEMAS).flatMap(([name, schema]) => {
    const file = join(folder, `${name}.json`);
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    try {
      mkdirSync(folder, { recursive: true });
      if (existsSync(file) && readFileSync(file, 'utf8') === text) return [];
      writeFileSync(file, text);
    } catch (error) {
      throw unwritable(file, error);
    }
    return [file];
  });
}
