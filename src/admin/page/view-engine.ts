import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import Handlebars from 'handlebars';
import type { Assets } from './assets';
import { type Navigation, navigation } from './navigation';
import { linksBelow } from './page-links';

type RenderOptions = { settings: { env: string } };
type Done = (error: Error | null, html?: string) => void;
type Templates = { age: number; render: (name: string, model: object) => string };

const NO_FACTS = { hasResults: false, hasInputs: false };

/** Renders pages from Handlebars files. Each is a view and a partial, named by its path: `run/page`, `shared/time`. */
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
      done(null, linksBelow(basePath, templates.render(nameOf(path, folder), options)));
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
  handlebars.registerHelper('or', (...given: unknown[]) =>
    given.slice(0, -1).some((one) => !Handlebars.Utils.isEmpty(one)),
  );
  handlebars.registerHelper('is', (one: unknown, other: unknown) => one === other);
  // Some error pages have no frame.
  handlebars.registerHelper('navigation', (known?: Navigation) => known ?? navigation(undefined, NO_FACTS));
  const views = new Map(
    hbsFiles(folder).map((file) => [
      nameOf(file, folder),
      handlebars.compile(readFileSync(file, 'utf8').trimEnd(), { preventIndent: true }),
    ]),
  );
  for (const [name, view] of views) handlebars.registerPartial(name, view);
  return { age: newest(folder), render: (name, model) => views.get(name)!(model) };
}

function newest(folder: string): number {
  const files = hbsFiles(folder);
  return files.reduce((latest, file) => Math.max(latest, changedAt(file)), files.length);
}

function hbsFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.hbs'))
    .map((name) => join(folder, name));
}

function nameOf(file: string, folder: string): string {
  return relative(folder, file).replace(/\.hbs$/, '');
}

function changedAt(file: string): number {
  return Math.round(statSync(file).mtimeMs);
}
