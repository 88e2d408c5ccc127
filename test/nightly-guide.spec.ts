import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseNotificationsFile } from '../src/channels/notifications-file';
import { parseProjectFile } from '../src/projects/project-file';
import { readGuide, yamlBlocks } from './support/guide';

const GUIDE = readGuide('nightly-job.md');
const [project, notifications] = yamlBlocks(GUIDE).map(({ yaml }) => yaml) as [string, string];

describe('the guide to a nightly job', () => {
  it('has a valid project, with the schedule, the notifications and the limit that it promises', () => {
    const { content, flaws } = parseProjectFile(project);
    expect(flaws ?? []).toEqual([]);
    expect(content).toMatchObject({
      schedules: [{ cron: '0 2 * * *', timeZone: 'Europe/Berlin', catchUp: true }],
      notifications: { notify: [{ channel: 'team', on: ['failed', 'recovered', 'late'] }] },
      keep: { days: 90 },
    });
  });

  it('has a valid file of channels, with the channel that the project uses', () => {
    const { content, flaws } = parseNotificationsFile(notifications);
    expect(flaws ?? []).toEqual([]);
    expect(content).toMatchObject({ channels: [{ id: 'team', type: 'slack', urlFrom: 'TEAM_CHAT_URL' }] });
  });

  it('links to pages and pictures that exist', () => {
    const links = [...GUIDE.matchAll(/\]\(([^)#]+)\)/g)].map(([, href]) => href!);
    expect(links.length).toBeGreaterThan(5);
    for (const href of links)
      expect([href, existsSync(join(__dirname, '..', 'docs', href))]).toEqual([href, true]);
  });
});
