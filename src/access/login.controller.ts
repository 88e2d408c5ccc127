import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { matchesAny } from './access-rules';
import { newSession, SESSION_COOKIE, SESSION_SECONDS } from './session';

/** Lets people in where a token is set: once, then a cookie remembers it. */
@ApiExcludeController()
@Controller()
export class LoginController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @Get('login')
  form(@Query('next') next: unknown, @Res() response: Response): void {
    response.render('login', { next: localPath(next), failed: false });
  }

  @Post('login')
  @HttpCode(303)
  signIn(
    @Body() body: { token?: unknown; next?: unknown },
    @Req() request: Request,
    @Res() response: Response,
  ): void {
    const { adminToken } = this.config;
    const next = localPath(body?.next);
    const token = typeof body?.token === 'string' ? body.token.trim() : undefined;
    if (adminToken !== null && !matchesAny(token, [adminToken])) {
      response.status(401).render('login', { next, failed: true });
      return;
    }
    if (adminToken !== null) {
      response.cookie(SESSION_COOKIE, newSession(adminToken, Date.now()), {
        httpOnly: true,
        sameSite: 'lax',
        secure: request.secure,
        maxAge: SESSION_SECONDS * 1000,
        path: '/',
      });
    }
    response.redirect(303, next);
  }

  @Post('logout')
  @HttpCode(303)
  signOut(@Res() response: Response): void {
    response.clearCookie(SESSION_COOKIE, { path: '/' });
    response.redirect(303, '/login');
  }
}

/** Only ever back to a page of ours: never `//elsewhere` or an address with a scheme. */
function localPath(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])[^\r\n]*$/.test(next) ? next : '/';
}
