import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { PageFrames } from './page-frame';
import { pageVersion } from './page-version';

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
    const complete = await this.complete(page, version, model);
    if (complete.live.version === shownVersion) response.status(204).end();
    else response.render('part-live', complete);
  }

  private async complete(page: LivePage, version: string, model: object) {
    const frame = await this.frames.frame(page.title, page.path);
    // The header is a part of what is shown.
    const shown = pageVersion([], version, frame.runningVersion);
    return {
      ...model,
      frame,
      partName: `${page.view}-state`,
      live: { version: shown, href: `${page.path}/state?version=${shown}`, everySeconds: 5 },
    };
  }
}
