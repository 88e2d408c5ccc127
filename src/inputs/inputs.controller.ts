import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem-responses';
import { InputFiles } from './input-files';
import { InputSwitches } from './input-switches';
import {
  AllowedDomainView,
  AllowlistView,
  EnabledBody,
  QueryListView,
  QueryView,
  toDomainView,
  toQueryView,
} from './inputs.dto';

const WRITES =
  'Writes the value to the file: only this value changes, comments and order stay. Items with the same name are changed ' +
  'together. Runs that have started keep their inputs.';
const REFUSALS = [
  'INPUT_FILE_INVALID',
  'INPUT_FILE_NOT_WRITABLE',
  'INPUT_SHARED',
  'SERVER_BUSY',
  'STORAGE_FULL',
] as const;

/** The queries and domains that the inputs of runs are made from. */
@ApiTags('inputs')
@Controller('api')
export class InputsController {
  constructor(
    private readonly files: InputFiles,
    private readonly switches: InputSwitches,
  ) {}

  @Get('queries')
  @ApiOperation({ operationId: 'listQueries', summary: 'List the queries of queries.yaml' })
  @ApiResponse({ status: 200, type: QueryListView })
  async queries(): Promise<QueryListView> {
    await this.files.reload();
    const { content, problems } = this.files.queries;
    return { items: (content ?? []).map(toQueryView), problems };
  }

  @Patch('queries/:id')
  @ApiOperation({ operationId: 'switchQuery', summary: 'Enable or disable a query', description: WRITES })
  @ApiParam({ name: 'id', description: 'Id of the query, URL-encoded' })
  @ApiResponse({ status: 200, type: QueryView })
  @ApiProblems('QUERY_NOT_FOUND', ...REFUSALS)
  async switchQuery(@Param('id') id: string, @Body() { enabled }: EnabledBody): Promise<QueryView> {
    return toQueryView(await this.switches.switchQuery(id, enabled));
  }

  @Get('allowlists')
  @ApiOperation({ operationId: 'listAllowedDomains', summary: 'List the domains of allowlists.yaml' })
  @ApiResponse({ status: 200, type: AllowlistView })
  async allowlists(): Promise<AllowlistView> {
    await this.files.reload();
    const { content, problems } = this.files.allowlists;
    return { items: (content ?? []).map(toDomainView), problems };
  }

  @Patch('allowlists/:domain')
  @ApiOperation({
    operationId: 'switchAllowedDomain',
    summary: 'Enable or disable a domain',
    description: WRITES,
  })
  @ApiParam({ name: 'domain', description: 'The domain as in the file, URL-encoded' })
  @ApiResponse({ status: 200, type: AllowedDomainView })
  @ApiProblems('DOMAIN_NOT_FOUND', ...REFUSALS)
  async switchDomain(
    @Param('domain') domain: string,
    @Body() { enabled }: EnabledBody,
  ): Promise<AllowedDomainView> {
    return toDomainView(await this.switches.switchDomain(domain, enabled));
  }
}
