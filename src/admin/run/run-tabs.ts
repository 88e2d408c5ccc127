/** The pages of a run. */
const TABS = [
  { name: 'run', label: 'Run', path: '' },
  { name: 'definition', label: 'Definition', path: '/definition' },
  { name: 'timeline', label: 'Timeline', path: '/timeline' },
] as const;

export interface RunTab {
  label: string;
  href: string;
  isCurrent: boolean;
}

export function runTabs(runId: string, current: (typeof TABS)[number]['name']): RunTab[] {
  return TABS.map(({ name, label, path }) => ({
    label,
    href: `/runs/${runId}${path}`,
    isCurrent: name === current,
  }));
}
