const ENTRIES = [
  { label: 'Projects', href: '/' },
  { label: 'Quota', href: '/quota' },
  { label: 'Workers', href: '/workers' },
  { label: 'Rejected events', href: '/events/rejected' },
  { label: 'Status', href: '/status' },
];

export type NavigationEntry = (typeof ENTRIES)[number] & { isCurrent: boolean };

/** @param path of the entry that the page belongs to; none, where something went wrong */
export function navigation(path?: string): NavigationEntry[] {
  return ENTRIES.map((entry) => ({ ...entry, isCurrent: entry.href === path }));
}
