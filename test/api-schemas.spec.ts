import Ajv from 'ajv';
import { parse } from 'yaml';
import { CONFIG_SCHEMAS } from '../src/config-schemas/config-schemas';
import { nodeStep, RunningApp } from './support/jobato';

const TOKEN = 'an-admin-token-of-some-length';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const PROJECT = nodeStep('tiny', '');

describe('schemas for editors', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({ tiny: PROJECT }, { JOBATO_ADMIN_TOKEN: TOKEN });
  });
  afterAll(() => jobato.stop());

  it.each(Object.entries(CONFIG_SCHEMAS))('are served: %s', async (name, schema) => {
    const response = await jobato.fetch(`/api/schemas/${name}.json`, { headers: BEARER });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('application/json'),
    ]);
    expect(await response.json()).toEqual(schema);
  });

  it('can be used by another validator', async () => {
    const response = await jobato.fetch('/api/schemas/project.json', { headers: BEARER });
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(
      (await response.json()) as object,
    );
    expect(validate(parse(PROJECT))).toBe(true);
    expect(validate(parse(`${PROJECT}colour: red\n`))).toBe(false);
  });

  it('need the token, as the other descriptions do', async () => {
    for (const path of ['/api/schemas/project.json', '/api/openapi.json', '/api/asyncapi.json'])
      expect([path, (await jobato.fetch(path)).status]).toEqual([path, 401]);
  });

  it.each(['other', 'toString', 'project.json'])('lists the names for an unknown one: %s', async (name) => {
    const { status, body } = await jobato.api.get(`/api/schemas/${name}.json`).set(BEARER);
    expect(status).toBe(404);
    expect(body).toMatchObject({
      errorCode: 'NOT_FOUND',
      detail: expect.stringContaining('The schemas are project, quota, queries, allowlists, notifications.'),
    });
  });
});
