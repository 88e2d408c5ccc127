import { createConfig, lintFromString } from '@redocly/openapi-core';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { Browser } from 'playwright-core';
import { describeApi } from '../src/api-description/api-description';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';
import { operationsOf, type Schema } from './support/openapi';

const TOKEN = 'an-admin-token-of-some-length';

describe('OpenAPI document', () => {
  let jobato: RunningApp;
  let api: OpenAPIObject;
  beforeAll(async () => {
    jobato = await RunningApp.start({ tiny: nodeStep('tiny', '') }, { JOBATO_ADMIN_TOKEN: TOKEN });
    api = describeApi(jobato.app, '');
  });
  afterAll(() => jobato.stop());

  it('is plain JSON without functions or class instances', () => {
    expect(foreignMembers(api)).toEqual([]);
    expect(foreignMembers({ a: [{ type: Number }], b: new Date(0) })).toEqual(['/a/0/type', '/b']);
  });

  it('is served unchanged at /api/openapi.json', async () => {
    const response = await jobato.fetch('/api/openapi.json', {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(api)));
  });

  it('passes the linter', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: {
        // The two probes need no credentials and accept any host name, so no request to them can be invalid.
        'operation-4xx-response': 'off',
        'operation-operationId-unique': 'error',
        'operation-operationId-url-safe': 'error',
        'operation-singular-tag': 'error',
        'operation-tag-defined': 'error',
        'operation-description': 'off',
        'no-invalid-schema-examples': 'error',
        'no-invalid-media-type-examples': 'error',
        'spec-components-invalid-map-name': 'error',
      },
    });
    const problems = await lintFromString({ source: JSON.stringify(api), config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
      [],
    );
  });

  it('names every operation in camel case without class names', () => {
    const ids = operationsOf(api).map(({ operationId }) => operationId);
    expect(ids.filter((id) => !/^[a-z]+([A-Z][a-z]+)+$/.test(id))).toEqual([]);
  });

  it('describes each resource of a run by its id and by the number within its project', () => {
    const ofRuns = operationsOf(api).filter(
      ({ path }) => /\/runs\/\{runId\}/.test(path) && !path.includes('internal'),
    );
    const byId = ofRuns.filter(({ path }) => path.startsWith('/api/runs/'));
    expect(byId.length).toBeGreaterThanOrEqual(7);
    for (const { path, method, operationId } of byId) {
      const other = ofRuns.find(
        (each) => each.method === method && each.path === path.replace('/api', '/api/projects/{projectId}'),
      );
      expect(other?.operationId).toBe(`${operationId}OfProject`);
      const inPath = other!.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect(inPath.slice(0, 2)).toEqual(['projectId', 'runId']);
    }
    expect(ofRuns).toHaveLength(byId.length * 2);
  });

  it('uses a named schema for every JSON request and response body', () => {
    const unnamed = operationsOf(api).flatMap(({ operationId, responses, requestBody }) =>
      [...Object.values(responses), ...(requestBody ? [requestBody] : [])]
        .flatMap(({ content = {} }) => Object.entries(content))
        .filter(([type, { schema }]) => type.endsWith('json') && !isNamed(schema))
        .map(([type]) => `${operationId} ${type}`),
    );
    // An AsyncAPI document and a JSON Schema have their own schemas.
    expect(unnamed.sort()).toEqual(['getAsyncApi application/json', 'getConfigSchema application/json']);
  });

  it('gives every property a type', () => {
    // TypeScript's reflection reduces a union such as `string | null` to Object.
    const bare = Object.entries(api.components!.schemas!).flatMap(([name, schema]) =>
      Object.entries((schema as { properties?: Record<string, Schema> }).properties ?? {})
        .filter(([, { type, properties, additionalProperties, allOf }]) => {
          return type === 'object' && !properties && additionalProperties === undefined && !allOf;
        })
        .map(([property]) => `${name}.${property}`),
    );
    expect(bare).toEqual([]);
  });

  it('has no default values in request bodies', () => {
    const bodies = operationsOf(api).flatMap(({ requestBody }) => (requestBody ? [requestBody] : []));
    const used = JSON.stringify(bodies).matchAll(/schemas\/(\w+)"/g);
    for (const [, name] of used) {
      expect(JSON.stringify(api.components!.schemas![name!])).not.toContain('"default":');
    }
  });

  it('documents problem+json for every error status', () => {
    const without = operationsOf(api).flatMap(({ operationId, responses }) =>
      Object.entries(responses)
        .filter(([status, { content }]) => Number(status) >= 400 && !content?.['application/problem+json'])
        .map(([status]) => `${operationId} ${status}`),
    );
    // Probes need only the status, and nothing before these two handlers can refuse a request.
    expect(without).toEqual(['getReadiness 503']);
  });

  it.each([
    ['every call with credentials', () => true, [401, 421, 429, 503]],
    [
      'every write',
      ({ method }: { method: string }) => method !== 'get',
      [400, 403, 408, 413, 415, 503, 507],
    ],
    [
      'every call with parameters',
      ({ parameters }: { parameters: unknown[] }) => parameters.length > 0,
      [400],
    ],
  ])('documents for %s the errors that guards can return', (_, isMeant, statuses) => {
    const guarded = operationsOf(api).filter(({ security }) => security?.length !== 0);
    expect(guarded.length).toBe(operationsOf(api).length - 2);
    for (const operation of guarded.filter(isMeant)) {
      expect(Object.keys(operation.responses).map(Number)).toEqual(expect.arrayContaining(statuses));
    }
  });

  it('marks request bodies as required except for triggers, re-runs and pauses', () => {
    const optional = operationsOf(api)
      .filter(({ requestBody }) => requestBody && !requestBody.required)
      .map(({ operationId }) => operationId);
    expect(optional.sort()).toEqual([
      'pauseAll',
      'pauseProject',
      'rerunRun',
      'rerunRunOfProject',
      'triggerDefaultProject',
      'triggerRun',
    ]);
  });

  it('declares cursors with the type that pages return', () => {
    const cursors = operationsOf(api)
      .flatMap(({ parameters }) => parameters)
      .filter(({ name }) => name === 'cursor');
    expect(cursors.length).toBeGreaterThanOrEqual(5);
    expect(new Set(cursors.map(({ schema }) => schema!.type))).toEqual(new Set(['string']));
  });

  describe('documentation page', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser.close());

    it("shows every operation and calls one under the server's content security policy", async () => {
      const { page, complaints } = await openPage(browser, jobato.url);
      await page.goto('/login?next=/api/docs');
      await page.fill('input[type=password]', TOKEN);
      await Promise.all([page.waitForURL('**/api/docs'), page.keyboard.press('Enter')]);
      await page.waitForSelector('.opblock');
      expect(await page.locator('.opblock').count()).toBe(operationsOf(api).length);

      const trigger = page.locator('#operations-runs-triggerRun');
      await trigger.locator('.opblock-summary-control').click();
      await trigger.locator('.try-out__btn').click();
      await trigger.locator('tr[data-param-name=projectId] input').fill('tiny');
      await trigger.locator('textarea').fill('{}');
      await trigger.locator('.execute').click();
      const status = trigger.locator('.live-responses-table tbody td.response-col_status');
      await status.waitFor();
      expect(await status.innerText()).toContain('201');
      expect(complaints).toEqual([]);
      const [, runId] = /"runId": "([0-9a-f-]{36})"/.exec(
        await trigger.locator('.live-responses-table').innerText(),
      )!;
      await jobato.untilEnded(runId!);
    });
  });
});

/** Returns the paths of values without a JSON form, such as functions and class instances. */
function foreignMembers(value: unknown, path = ''): string[] {
  if (value == null || ['string', 'number', 'boolean'].includes(typeof value)) return [];
  const isPlain = Array.isArray(value) || (typeof value === 'object' && value.constructor === Object);
  if (!isPlain) return [path];
  return Object.entries(value as object).flatMap(([name, member]) =>
    foreignMembers(member, `${path}/${name}`),
  );
}

/** Returns true for a reference, or a list or choice of references. */
function isNamed(schema: unknown): boolean {
  const { $ref, type, items, oneOf } = (schema ?? {}) as {
    $ref?: string;
    type?: string;
    items?: unknown;
    oneOf?: unknown[];
  };
  if ($ref !== undefined) return true;
  if (type === 'array') return isNamed(items);
  return oneOf?.every(isNamed) ?? false;
}
