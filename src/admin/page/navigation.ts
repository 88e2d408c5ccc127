interface Entry {
  label: string;
  /** The rest of the label, on wide screens. */
  rest?: string;
  href: string;
}

const ENTRIES: Entry[] = [
  { label: 'Projects', href: '/' },
  { label: 'Schedules', href: '/schedules' },
  { label: 'Quota', href: '/quota' },
  { label: 'Workers', href: '/workers' },
  { label: 'Notifications', href: '/notifications' },
  { label: 'Rejected', rest: 'events', href: '/events/rejected' },
  { label: 'Status', href: '/status' },
];

export type NavigationEntry = Entry & { isCurrent: boolean };

/** @param path path of the current entry; undefined on error pages */
export function navigation(path?: string): NavigationEntry[] {
  return ENTRIES.map((entry) => ({ ...entry, isCurrent: entry.href === path }));
}
