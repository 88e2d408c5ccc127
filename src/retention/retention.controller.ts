import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { toInstant } from '../clock/clock';
import { ApiProblems } from '../http/problem-responses';
import { RetentionPlanner } from './retention-planner';
import { type DuePlace, type ProjectPreview, RetentionPreview } from './retention-preview';
import { PARTS } from './retention-rule';
import { PreviewQuery, PreviewView } from './retention.dto';

const MAX_PROJECTS = 100;

@ApiTags('retention')
@Controller('api/retention')
export class RetentionController {
  constructor(
    private readonly preview: RetentionPreview,
    private readonly planner: RetentionPlanner,
  ) {}

  @Get('preview')
  @ApiOperation({
    operationId: 'previewRetention',
    summary: 'List what the next pass deletes',
    description:
      'Selected by the same queries as in the pass. Runs that start, are pinned or are unpinned in between change it. ' +
      'Further pages of `items` have no `projects`.',
  })
  @ApiResponse({ status: 200, type: PreviewView })
  @ApiProblems('VALIDATION')
  async read(@Query() { projectId, part, limit, cursor }: PreviewQuery): Promise<PreviewView> {
    const atMs = await this.preview.nextPassMs();
    const plans = await this.preview.plans(atMs, projectId);
    const projects: ProjectPreview[] = [];
    for (const plan of cursor === undefined ? plans : []) {
      if (projects.length >= MAX_PROJECTS) break;
      const project = await this.preview.project(plan);
      if (PARTS.some((each) => project.tallies[each].runs > 0)) projects.push(project);
    }
    const { items, next } = await this.preview.due(plans, part, limit, placeOf(cursor));
    return {
      nextPassAt: toInstant(atMs),
      defaultDays: await this.planner.defaultDays(),
      projects: projects.map(({ projectId: id, limits, tallies }) => ({
        projectId: id,
        keep: limits,
        ...tallies,
      })),
      items,
      nextCursor: next && `${next.projectId}:${next.runId}`,
    };
  }
}

function placeOf(cursor: string | undefined): DuePlace | null {
  if (cursor === undefined) return null;
  const [projectId, runId] = cursor.split(':') as [string, string];
  return { projectId, runId };
}
