import type { Live } from './live';

interface Extras {
  status?: number;
  headers?: Record<string, string>;
}

/** A page or a part of one, as its controller returns it. `ViewInterceptor` renders it. */
export class View {
  /** @param name path of the template without its ending */
  constructor(
    readonly name: string,
    readonly model: object,
    readonly extras: Extras = {},
  ) {}
}

/** A part that an open page requests again. It is rendered only if its version differs from the one on the page. */
export class PartView extends View {
  constructor(
    name: string,
    model: object,
    readonly live: Live,
    extras: Extras = {},
  ) {
    super(name, model, extras);
  }
}

/** Leads to another address with status 303. */
export class SeeOther {
  constructor(readonly href: string) {}
}
