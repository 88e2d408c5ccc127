import { Body, Controller, Inject, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { pageBehind } from '../../access/page-behind';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { Preferences } from './preferences';
import { toTheme } from './theme';
import { SeeOther } from './view';
import { ViewInterceptor } from './view.interceptor';

/** The choice between the light and the dark look. A cookie keeps it. */
@ApiExcludeController()
@Controller()
@UseInterceptors(ViewInterceptor)
export class ThemeController {
  constructor(
    private readonly preferences: Preferences,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('theme')
  choose(
    @Body() body: { theme?: unknown } | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): SeeOther {
    this.preferences.set('theme', toTheme(body?.theme), request, response);
    return new SeeOther(pageBehind(request, this.config) ?? '/');
  }
}
