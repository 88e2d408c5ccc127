import type { Page } from 'playwright-core';

/** Adds up the layout shifts of a page in `window.layoutShift`, also those after a press. Call it before `goto`. */
export function watchShifts(page: Page): Promise<unknown> {
  return page.addInitScript(`
    window.layoutShift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.layoutShift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  `);
}
