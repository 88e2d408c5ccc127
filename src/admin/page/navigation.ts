export interface NavigationEntry {
  label: string;
  href: string;
  isCurrent: boolean;
}

/** What decides which pages there are. */
export interface NavigationFacts {
  /** A project has a live result. */
  hasResults: boolean;
  /** A project gets searches from queries and domains. */
  hasInputs: boolean;
}

export interface Navigation {
  main: NavigationEntry[];
  /** The pages about the installation; empty on other pages. */
  system: NavigationEntry[];
}

interface Entry {
  label: string;
  href: string;
  /** Left out if this fact is false, except on the page itself. */
  needs?: keyof NavigationFacts;
}

const MAIN: Entry[] = [
  { label: 'Projects', href: '/' },
  { label: 'Runs', href: '/runs' },
  { label: 'Schedules', href: '/schedules' },
  { label: 'Results', href: '/results', needs: 'hasResults' },
  { label: 'System', href: '/status' },
];

const SYSTEM: Entry[] = [
  { label: 'Status', href: '/status' },
  { label: 'Workers', href: '/workers' },
  { label: 'Quota', href: '/quota' },
  { label: 'Queries', href: '/queries', needs: 'hasInputs' },
  { label: 'Notifications', href: '/notifications' },
  { label: 'Rejected events', href: '/events/rejected' },
];

/** @param path path of the current entry; undefined on error pages */
export function navigation(path: string | undefined, facts: NavigationFacts): Navigation {
  const isSystem = SYSTEM.some(({ href }) => href === path);
  const current = isSystem ? '/status' : path;
  return { main: entries(MAIN, current, facts), system: isSystem ? entries(SYSTEM, path, facts) : [] };
}

function entries(all: Entry[], path: string | undefined, facts: NavigationFacts): NavigationEntry[] {
  return all
    .filter(({ href, needs }) => needs === undefined || facts[needs] || href === path)
    .map(({ label, href }) => ({ label, href, isCurrent: href === path }));
}
