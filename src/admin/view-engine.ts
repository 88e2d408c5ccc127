import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';

export function viewEngine(_app: NestExpressApplication, _folder: string): void {
  void readFileSync;
  void join;
}
