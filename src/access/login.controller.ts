import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { JobatoError, PROBLEMS } from '../http/problem-catalogue';
import { isAccepted, tooManyGuesses, waitWords } from './access-rules';
import { LoginBrake } from './login-brake';
import { localPath } from './page-behind';
import { SESSION_COOKIE, SESSION_SECONDS } from './session';
import { Sessions } from './sessions';

/** The sign-in page for servers with an admin token. A cookie keeps the user signed in. */
@ApiExcludeController()
@Controller()
export class LoginController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly brake: LoginBrake,
    private readonly sessions: Sessions,
  ) {}

  @Get('login')
  form(@Query('next') next: unknown, @Query('ended') ended: unknown, @Res() response: Response): void {
    response.render('login/page', {
      next: localPath(next, this.config.basePath) ?? '/',
      hasEnded: ended === 'on',
    });
  }

  @Post('login')
  @HttpCode(303)
  async signIn(
    @Body() body: { token?: unknown; next?: unknown } | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { adminToken } = this.config;
    const next = localPath(body?.next, this.config.basePath) ?? '/';
    if (adminToken !== null) {
      const { waitSeconds, isRight } = await this.look(request.ip, body?.token, adminToken);
      if (!isRight && waitSeconds > 0) {
        const { code, detail } = tooManyGuesses(waitSeconds);
        response.setHeader('Retry-After', String(waitSeconds));
        refuse(new JobatoError(code, detail), { next, wait: waitWords(waitSeconds) }, request, response);
        return;
      }
      if (!isRight) {
        const error = new JobatoError('UNAUTHORIZED', 'Wrong token. Enter the value of JOBATO_ADMIN_TOKEN.');
        refuse(error, { next, failed: true }, request, response);
        return;
      }
      await this.endOld(request, response);
      response.cookie(SESSION_COOKIE, this.sessions.begin(adminToken), {
        httpOnly: true,
        sameSite: 'lax',
        secure: request.secure,
        maxAge: SESSION_SECONDS * 1000,
        path: this.config.basePath || '/',
      });
    }
    response.redirect(303, next);
  }

  @Post('logout')
  @HttpCode(303)
  async signOut(@Req() request: Request, @Res() response: Response): Promise<void> {
    // First, so that the user still has the cookie to try again if this fails.
    await this.endOld(request, response);
    response.clearCookie(SESSION_COOKIE, {
      httpOnly: true,
      sameSite: 'lax',
      secure: request.secure,
      path: this.config.basePath || '/',
    });
    response.redirect(303, '/login');
  }

  private async endOld(request: Request, response: Response): Promise<void> {
    const session = await this.sessions.of(request);
    if (session !== null) await this.sessions.end(session, response);
  }

  private look(ip: string | undefined, said: unknown, adminToken: string) {
    const token = typeof said === 'string' ? said.trim() : '';
    return this.brake.inTurn(async () => {
      const waitSeconds = await this.brake.waitSeconds(ip);
      const isRight = isAccepted(token, [adminToken], waitSeconds);
      if (isRight) await this.brake.signedIn(ip);
      else if (waitSeconds === 0 && token !== '') await this.brake.wrong(ip, token);
      return { waitSeconds, isRight };
    });
  }
}

/** Shows the sign-in page with the error; a program receives the problem document. */
function refuse(error: JobatoError, model: object, request: Request, response: Response): void {
  if (request.accepts(['html', 'json']) !== 'html') throw error;
  response.status(PROBLEMS[error.code].status).render('login/page', model);
}
