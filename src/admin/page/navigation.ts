interface Entry {
  label: string;
  /** The rest of its name, where there is room. */
  rest?: string;
  href: string;
}

const ENTRIES: Entry[] = [
  { label: 'Projects', href: '/' },
  { label: 'Quota', href: '/quota' },
  { label: 'Workers', href: '/workers' },
  { label: 'Rejected', rest: 'events', href: '/events/rejected' },
  { label: 'Status', href: '/status' },
];

export type NavigationEntry = Entry & { isCurrent: boolean };

/** @param path of the entry that the page belongs to; none, where something went wrong */
export function navigation(path?: string): NavigationEntry[] {
  return ENTRIES.map((entry) => ({ ...entry, isCurrent: entry.href === path }));
}
