interface Entry {
  label: string;
  /** The rest of the label, on wide screens. */
  rest?: string;
  href: string;
}

const ENTRIES: Entry[] = [
  { label: 'Projects', href: '/' },
  { label: 'Runs', href: '/runs' },
  { label: 'Schedules', href: '/schedules' },
  { label: 'Queries', href: '/queries' },
  { label: 'Quota', href: '/quota' },
  { label: 'Workers', href: '/workers' },
  { label: 'Notifications', href: '/notifications' },
  { label: 'Rejected', rest: 'events', href: '/events/rejected' },
  { label: 'Status', href: '/status' },
];

export type NavigationEntry = Entry & { isCurrent: boolean };

/** Only for installations with a project that uses queries. */
const WITH_INPUTS = '/queries';

/**
 * @param path path of the current entry; undefined on error pages
 * @param hasInputs true if a project gets searches from queries and domains
 */
export function navigation(path?: string, hasInputs = false): NavigationEntry[] {
  return ENTRIES.filter(({ href }) => href !== WITH_INPUTS || hasInputs || href === path).map((entry) => ({
    ...entry,
    isCurrent: entry.href === path,
  }));
}
