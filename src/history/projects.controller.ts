import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem-responses';
import { type KnownProject, ProjectCatalogue } from '../projects/project-catalogue';
import { ProjectListView, ProjectView, toProjectView } from '../projects/project-view';
import { ConfigProblems } from './config-problems';
import { rerunReasonText } from './rerun-reason-text';
import { UpToDateCheck } from './up-to-date-check';
import { RunRepository } from '../runs/run.repository';

/** In this module, not in src/projects, because the state of a project is that of its latest run. */
@ApiTags('projects')
@Controller('api/projects')
export class ProjectsController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly upToDate: UpToDateCheck,
    private readonly configProblems: ConfigProblems,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listProjects',
    summary: 'List all projects, and the project files with errors',
  })
  @ApiResponse({ status: 200, type: ProjectListView })
  @ApiQuery({
    name: 'tag',
    required: false,
    description: 'Only projects with this tag',
    schema: { type: 'string' },
  })
  async list(@Query('tag') tag: unknown): Promise<ProjectListView> {
    const chosen = this.projects
      .list()
      .filter(({ definition }) => typeof tag !== 'string' || tag === '' || definition.tags.includes(tag));
    const items = await Promise.all(chosen.map((project) => this.view(project)));
    return { items, problems: this.configProblems.problems() };
  }

  @Get(':projectId')
  @ApiOperation({ operationId: 'getProject', summary: 'Get a project' })
  @ApiResponse({ status: 200, type: ProjectView })
  @ApiProblems('PROJECT_NOT_FOUND')
  async get(@Param('projectId') projectId: string): Promise<ProjectView> {
    return this.view(this.projects.get(projectId));
  }

  private async view(project: KnownProject): Promise<ProjectView> {
    const latest = await this.runs.current(project.definition.projectId);
    const rerunReason = await this.upToDate.reasonFor(project, latest);
    return toProjectView(
      project,
      latest,
      rerunReason && rerunReasonText(rerunReason),
      this.configProblems.notes(project),
    );
  }
}
