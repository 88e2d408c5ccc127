import { Inject, Injectable } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';

export type PreferenceName = 'theme' | 'order';

/** The longest time that a browser keeps a cookie. */
const COOKIE_MS = 400 * 24 * 3600 * 1000;

/** Returns what a reader chose before; undefined if nothing. The value is any text. */
export function preference(name: PreferenceName, { headers }: Pick<Request, 'headers'>): string | undefined {
  return headers.cookie === undefined ? undefined : parseCookie(headers.cookie)[`jobato_${name}`];
}

/** Keeps in cookies what a reader chose for the pages. */
@Injectable()
export class Preferences {
  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'basePath'>) {}

  set(name: PreferenceName, value: string, request: Request, response: Response): void {
    response.cookie(`jobato_${name}`, value, {
      httpOnly: true,
      sameSite: 'lax',
      secure: request.secure,
      maxAge: COOKIE_MS,
      path: this.config.basePath || '/',
    });
  }
}
