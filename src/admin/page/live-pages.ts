import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { PageFrames } from './page-frame';
import { pageVersion } from './page-version';

/** The address of a page, and the folder of its views: `page.hbs`, and `state.hbs` for the changing part. */
export interface LivePage {
  title: string;
  path: string;
  view: string;
}

/** Pages about the installation, which reload every few seconds while they are visible. */
@Injectable()
export class LivePages {
  constructor(private readonly frames: PageFrames) {}

  /** @param version identifies the content of the model */
  async whole(response: Response, page: LivePage, version: string, model: object): Promise<void> {
    response.render(`${page.view}/page`, await this.complete(page, version, model));
  }

  /** Renders the changing part, or 204 if it still equals `shownVersion`. */
  async part(
    response: Response,
    page: LivePage,
    shownVersion: unknown,
    version: string,
    model: object,
  ): Promise<void> {
    const complete = await this.complete(page, version, model);
    if (complete.live.version === shownVersion) response.status(204).end();
    else response.render('shared/live-part', complete);
  }

  private async complete(page: LivePage, version: string, model: object) {
    const frame = await this.frames.frame(page.title, page.path);
    // The part also updates the header.
    const shown = pageVersion([], version, frame.runningVersion);
    return {
      ...model,
      frame,
      partName: `${page.view}/state`,
      live: { version: shown, href: `${page.path}/state?version=${shown}`, everySeconds: 5 },
    };
  }
}
