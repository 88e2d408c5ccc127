import type { NextFunction, Request, Response } from 'express';
import { preference } from './preferences';

const THEMES = ['system', 'light', 'dark'] as const;

export type Theme = (typeof THEMES)[number];

export function toTheme(given: unknown): Theme {
  return THEMES.find((theme) => theme === given) ?? 'system';
}

/** Gives each page the theme of its reader, also error pages. */
export function themeMiddleware(request: Request, { locals }: Response, next: NextFunction): void {
  const theme = toTheme(preference('theme', request));
  locals.theme = theme;
  locals.themes = THEMES.map((name) => ({
    name,
    label: `${name[0]!.toUpperCase()}${name.slice(1)}`,
    isChosen: name === theme,
  }));
  next();
}
