import { Injectable } from '@nestjs/common';
import { live } from './live';
import { PageFrames } from './page-frame';
import { PartView, View } from './view';

/** The address of a page, and the folder of its views: `page.hbs`, and `content.hbs` for the changing part. */
export interface LivePage {
  title: string;
  path: string;
  /** The address of the changing part, if it has a query. */
  partHref?: string;
  view: string;
}

/** Pages about the installation, which reload every few seconds while they are visible. */
@Injectable()
export class LivePages {
  constructor(private readonly frames: PageFrames) {}

  async whole(page: LivePage, model: object): Promise<View> {
    return new View(`${page.view}/page`, await this.complete(page, model));
  }

  /** Returns the changing part and the header. */
  async part(page: LivePage, model: object, headers: Record<string, string> = {}): Promise<PartView> {
    const complete = await this.complete(page, model);
    return new PartView('shared/refresh', complete, complete.live, { headers });
  }

  private async complete({ title, path, partHref, view }: LivePage, model: object) {
    const frame = await this.frames.frame(title, path);
    return live(partHref ?? `${path}/state`, { ...model, frame, partName: `${view}/content` });
  }
}
