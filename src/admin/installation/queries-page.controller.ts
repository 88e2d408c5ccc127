import { Body, Controller, Get, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { JobatoError } from '../../http/problem-catalogue';
import { InputFiles } from '../../inputs/input-files';
import { InputSwitches } from '../../inputs/input-switches';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { carryOut, showDone } from '../page/form-answers';
import { type LivePage, LivePages } from '../page/live-pages';
import { type PartView, SeeOther, type View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { queriesPage } from './queries-page';

const QUERIES: LivePage = { title: 'Queries', path: '/queries', view: 'queries' };

/** The queries and allowed domains that the searches of runs are made from. */
@ApiExcludeController()
@Controller('queries')
@UseInterceptors(ViewInterceptor)
export class QueriesPageController {
  constructor(
    private readonly files: InputFiles,
    private readonly switches: InputSwitches,
    private readonly projects: ProjectCatalogue,
    private readonly pages: LivePages,
  ) {}

  @Get()
  async page(): Promise<View> {
    await this.files.reload();
    return this.pages.whole(QUERIES, this.model());
  }

  @Get('state')
  async state(): Promise<PartView> {
    return this.pages.part(QUERIES, this.model());
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['query', 'domain'])
  backToPage(): SeeOther {
    return new SeeOther(QUERIES.path);
  }

  @Post('query')
  async switchQuery(
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.change(
      body,
      (name, isEnabled) => this.switches.switchQuery(name, isEnabled),
      request,
      response,
    );
  }

  @Post('domain')
  async switchDomain(
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.change(
      body,
      (name, isEnabled) => this.switches.switchDomain(name, isEnabled),
      request,
      response,
    );
  }

  private async change(
    body: unknown,
    action: (name: string, isEnabled: boolean) => Promise<unknown>,
    request: Request,
    response: Response,
  ): Promise<void> {
    const { name, enabled, row } = formIn(body);
    await carryOut(
      request,
      response,
      async () => {
        await action(name, enabled).catch(withoutNotFound);
        showDone(row === null ? QUERIES.path : `${QUERIES.path}#${row}`, request, response);
      },
      async (notice) => {
        const { name: view, model } = await this.pages.whole(QUERIES, this.model());
        response.render(view, { ...model, notice });
      },
    );
  }

  private model() {
    const users = this.projects
      .list()
      .flatMap(({ definition }) => (definition.inputs === null ? [] : definition));
    const { queries, allowlists } = this.files;
    const refusal = this.files.refusal()?.detail ?? null;
    return { inputs: queriesPage({ queries, allowlists, count: this.files.count(), refusal, users }) };
  }
}

/** Every value but `true` disables; a form of the page sends `true` or `false`. */
function formIn(body: unknown): { name: string; enabled: boolean; row: string | null } {
  const { name, enabled, row } = (body ?? {}) as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : '',
    enabled: enabled === 'true',
    row: typeof row === 'string' && /^(query|domain)-\d{1,5}$/.test(row) ? row : null,
  };
}

/** Pages ignore 404, which the poll of a deleted run gets, and would show no reason. */
function withoutNotFound(error: unknown): never {
  if (error instanceof JobatoError && error.code.endsWith('_NOT_FOUND'))
    throw new JobatoError('VALIDATION', `${error.detail} The page shows the present file.`);
  throw error;
}
