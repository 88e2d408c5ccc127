import { Controller, Get, Param, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import type { ProjectDefinition } from '../../projects/project';
import type { Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { RunRepository } from '../../runs/run.repository';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { numberSign, runName } from '../words/run-words';
import { definitionFile } from './definition-file';
import { runTabs } from './run-tabs';

/** Above this, writing YAML would block the event loop; the page then links to the JSON. */
const MAX_CHARACTERS = 64 * 1024;

/** The definition that a run was started with. */
@ApiExcludeController()
@Controller(runPaths('definition'))
@UseInterceptors(ViewInterceptor)
export class RunDefinitionPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Param(RunPipe) run: Run): Promise<View> {
    const { runId, projectId, definitionHash } = run;
    const definition = await this.runs.definition(definitionHash);
    const current = this.projects.find(projectId);
    const projectName = current?.definition.name ?? definition.name;
    return new View('run/definition-page', {
      frame: await this.frames.frame(`Definition, ${runName(projectName, run)}`, '/'),
      tabs: runTabs(runId, 'definition'),
      run: { projectName, projectHref: current && `/projects/${projectId}`, number: numberSign(run) },
      file: fileOf(definition),
      hash: definitionHash.slice(0, 12),
      isGone: current === null,
      hasChanged: current !== null && current.definitionHash !== definitionHash,
      apiHref: `/api/runs/${runId}/definition`,
    });
  }
}

function fileOf(definition: ProjectDefinition): string | null {
  return JSON.stringify(definition).length > MAX_CHARACTERS ? null : definitionFile(definition);
}
