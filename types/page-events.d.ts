// The events between the scripts of a page in public/js, and what the scripts use of htmx.

import type htmx from 'htmx.org';

declare global {
  interface Window {
    htmx: typeof htmx;
    Idiomorph: {
      morph(current: Element, next: Element, options: { callbacks: IdiomorphCallbacks }): void;
    };
  }

  interface IdiomorphCallbacks {
    beforeNodeMorphed(current: Node, wanted: Node): boolean;
    beforeAttributeUpdated(name: string, element: Element, change: 'update' | 'remove'): boolean;
  }

  /** The details of htmx's events that scripts read. */
  interface HtmxRequest {
    elt: Element;
    target: HTMLElement;
    xhr: XMLHttpRequest;
    requestConfig: HtmxRequestConfig;
    /** Of `htmx:afterRequest`. */
    successful: boolean;
    /** Of `htmx:beforeSwap`; both can be set. */
    shouldSwap: boolean;
    isError: boolean;
  }

  interface HtmxRequestConfig {
    elt: Element;
    verb: string;
    /** Undefined if htmx requests a part by itself, every few seconds. */
    triggeringEvent?: Event;
  }

  /** A line of a log that has no number yet; gone if its text is empty. */
  interface OpenLogLine {
    step: string | null;
    stream: string;
    text: string;
    level: string | null;
  }

  /** The state of a run, as its event stream reports it. */
  interface RunState {
    status: string;
    cancelRequestedAt: string | null;
  }

  interface DocumentEventMap {
    /** From morph.js and log-view.js: new content, before it is compared with the page or becomes a part of it. */
    'jobato:content': CustomEvent<Element>;
    /** From live.js: the run has another state. */
    'jobato:run': CustomEvent<RunState>;
    /** From live.js and log-view.js: the server answered with the sign-in page. */
    'jobato:session-ended': CustomEvent;
    'htmx:afterSwap': CustomEvent<HtmxRequest>;
  }

  interface HTMLElementEventMap {
    /** From live.js, and from the server after an action: the parts of the page reload. */
    'run-changed': CustomEvent;
    /** From live.js, on the log: it has more lines. */
    'jobato:grown': CustomEvent<{ lastSeq: number }>;
    /** From live.js, on the log: an unfinished line has changed; null if none is known any more. */
    'jobato:line': CustomEvent<OpenLogLine | null>;
    /** From log-view.js, on the log: lines could be read, or not. */
    'jobato:read': CustomEvent<{ isRead: boolean }>;
    /** From log-view.js, on the log: the last line is shown. */
    'jobato:ended': CustomEvent;
    /** From log-view.js, on the log: other lines are shown. */
    'jobato:shown': CustomEvent;
    /** From log-range.js, on the log: the reader has selected lines. */
    'jobato:selected': CustomEvent;
    /** From log-matches.js, on the log: the line to load. `done` is called in any case. */
    'jobato:seek': CustomEvent<{ seq: number; done: (value?: unknown) => void }>;
    /** From log-matches.js, on the log: the element to scroll to. */
    'jobato:place': CustomEvent<Element>;
    'htmx:beforeRequest': CustomEvent<HtmxRequest>;
    'htmx:afterRequest': CustomEvent<HtmxRequest>;
    'htmx:sendError': CustomEvent<HtmxRequest>;
    'htmx:timeout': CustomEvent<HtmxRequest>;
    'htmx:responseError': CustomEvent<HtmxRequest>;
    'htmx:beforeSwap': CustomEvent<HtmxRequest>;
    'htmx:afterSwap': CustomEvent<HtmxRequest>;
    'htmx:afterSettle': CustomEvent<HtmxRequest>;
  }
}
