import { Controller, Get, type INestApplication, Param, UseInterceptors } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import supertest from 'supertest';
import { live } from './live';
import { PartView, SeeOther, View } from './view';
import { ViewInterceptor } from './view.interceptor';

const headers = { 'HX-Trigger': 'plan-changed' };

@Controller()
@UseInterceptors(ViewInterceptor)
class Pages {
  @Get('page/:name')
  page(@Param('name') name: string): View {
    return new View('page', { name }, name === 'gone' ? { status: 404 } : {});
  }

  @Get('part/:name')
  part(@Param('name') name: string): PartView {
    const model = live(`/part/${name}`, { name });
    return new PartView('part', model, model.live, { headers });
  }

  @Get('broken')
  broken(): View {
    return new View('broken', {});
  }

  @Get('away')
  away(): SeeOther {
    return new SeeOther('/page/other');
  }

  @Get('data')
  data() {
    return { plain: true };
  }
}

describe('ViewInterceptor', () => {
  let app: INestApplication;
  const get = (path: string) => supertest(app.getHttpServer()).get(path);
  beforeAll(async () => {
    const module = await Test.createTestingModule({ controllers: [Pages] }).compile();
    app = module.createNestApplication({ logger: false });
    const express = app.getHttpAdapter().getInstance();
    express.response.render = function (
      this: unknown,
      name: string,
      model: { name?: string },
      done: (error: Error | null, html?: string) => void,
    ) {
      if (name === 'broken') done(new Error('no such template'));
      else done(null, `<p>${name} ${model.name}</p>`);
    };
    await app.init();
  });
  afterAll(() => app.close());

  it('renders a page, with the status of the view', async () => {
    await get('/page/a').expect(200, '<p>page a</p>').expect('content-type', 'text/html; charset=utf-8');
    await get('/page/gone').expect(404, '<p>page gone</p>');
  });

  it('renders a part unless the page already shows this version', async () => {
    const { href } = live('/part/a', { name: 'a' }).live;
    await get('/part/a').expect(200, '<p>part a</p>').expect('hx-trigger', 'plan-changed');
    await get(`${href}x`).expect(200);
    const unchanged = await get(href).expect(204, '');
    expect(unchanged.headers).not.toHaveProperty('hx-trigger');
    expect(unchanged.headers).not.toHaveProperty('content-type');
  });

  it('leads to another address', () => get('/away').expect(303).expect('location', '/page/other'));

  it('reports an error of a template', () => get('/broken').expect(500));

  it('leaves other results alone', () => get('/data').expect(200, { plain: true }));
});
