import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { PageFrames } from './page-frame';

/** Where a page is found, and its template: the part of it that changes has the name of the page and `-state`. */
export interface LivePage {
  title: string;
  path: string;
  view: string;
}

/** Pages about the installation, which read themselves again every few seconds for as long as somebody looks. */
@Injectable()
export class LivePages {
  constructor(private readonly frames: PageFrames) {}

  /** @param version names what the model shows, as long as it is the same */
  async whole(response: Response, page: LivePage, version: string, model: object): Promise<void> {
    response.render(page.view, await this.complete(page, version, model));
  }

  /** The part that changes, or nothing where it is as it was in `shownVersion`. */
  async part(
    response: Response,
    page: LivePage,
    shownVersion: unknown,
    version: string,
    model: object,
  ): Promise<void> {
    if (shownVersion === version) response.status(204).end();
    else response.render('part-live', await this.complete(page, version, model));
  }

  private async complete(page: LivePage, version: string, model: object) {
    return {
      ...model,
      frame: await this.frames.frame(page.title, page.path),
      partName: `${page.view}-state`,
      live: { href: `${page.path}/state?version=${version}`, everySeconds: 5 },
    };
  }
}
