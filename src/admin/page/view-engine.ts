import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import Handlebars from 'handlebars';
import type { Assets } from './assets';
import { navigation } from './navigation';
import { linksBelow } from './page-links';

type RenderOptions = { settings: { env: string } };
type Done = (error: Error | null, html?: string) => void;
type Templates = { age: number; render: (name: string, model: object) => string };

/** Renders pages from Handlebars files. Shared parts and the layout are in `partials`. */
export function viewEngine(
  app: NestExpressApplication,
  folder: string,
  assets: Assets,
  basePath: string,
): void {
  let templates: Templates | null = null;
  app.engine('hbs', (path: string, options: object, done: Done) => {
    try {
      const isFixed = (options as RenderOptions).settings.env === 'production';
      if (!templates || (!isFixed && templates.age !== newest(folder))) templates = load(folder, assets);
      done(null, linksBelow(basePath, templates.render(basename(path, '.hbs'), options)));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setBaseViewsDir(folder);
  app.setViewEngine('hbs');
}

function load(folder: string, assets: Assets): Templates {
  const handlebars = Handlebars.create();
  handlebars.registerHelper('asset', (name: string) => assets.addressOf(name));
  handlebars.registerHelper('navigation', (path?: string) => navigation(path));
  const compile = (file: string) =>
    handlebars.compile(readFileSync(file, 'utf8').trimEnd(), { preventIndent: true });
  for (const file of hbsFiles(join(folder, 'partials'))) {
    handlebars.registerPartial(basename(file, '.hbs'), compile(file));
  }
  const pages = new Map(hbsFiles(folder).map((file) => [basename(file, '.hbs'), compile(file)]));
  return { age: newest(folder), render: (name, model) => pages.get(name)!(model) };
}

function newest(folder: string): number {
  const files = [...hbsFiles(folder), ...hbsFiles(join(folder, 'partials'))];
  return files.reduce((latest, file) => Math.max(latest, changedAt(file)), files.length);
}

function hbsFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.hbs'))
    .map((name) => join(folder, name));
}

function changedAt(file: string): number {
  return Math.round(statSync(file).mtimeMs);
}
