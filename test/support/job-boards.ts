import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A local server in the place of job boards. Counts requests, and how many are under way at once. */
export class JobBoards {
  readonly requests: string[] = [];
  mostAtOnce = 0;
  private active = 0;
  private readonly handlers = new Map<string, Handler>();
  private readonly watchers: { count: number; reached: () => void }[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const path = request.url ?? '';
      this.requests.push(path);
      this.mostAtOnce = Math.max(this.mostAtOnce, ++this.active);
      response.on('close', () => this.active--);
      for (const { count, reached } of this.watchers) if (this.requests.length >= count) reached();
      const handler = this.handlers.get(path) ?? this.handlers.get(path.split('?')[0]!);
      if (handler) handler(request, response);
      else response.writeHead(404, { 'content-type': 'application/json' }).end('{"ok":false}');
    });
  }

  static async start(): Promise<JobBoards> {
    const boards = new JobBoards();
    await new Promise<void>((resolve) => boards.server.listen(0, '127.0.0.1', resolve));
    return boards;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  on(path: string, handler: Handler): void {
    this.handlers.set(path, handler);
  }

  json(path: string, body: unknown): void {
    this.on(path, (_request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
        .end(JSON.stringify(body)),
    );
  }

  html(path: string, body: string | Buffer, contentType = 'text/html; charset=utf-8'): void {
    this.on(path, (_request, response) => response.writeHead(200, { 'content-type': contentType }).end(body));
  }

  redirect(path: string, location: string, status = 302): void {
    this.on(path, (_request, response) => response.writeHead(status, { location }).end());
  }

  /** Resolves when this many further requests have arrived. */
  untilFurther(requests: number): Promise<void> {
    return new Promise((reached) => this.watchers.push({ count: this.requests.length + requests, reached }));
  }

  /** Forgets handlers and counts. */
  reset(): void {
    this.handlers.clear();
    this.watchers.length = 0;
    this.requests.length = 0;
    this.mostAtOnce = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

interface Vacancy {
  id: string;
  title: string;
  location?: string;
  html?: string;
  url?: string;
}

/** A job as the Greenhouse Job Board API answers with content=true: the markup of the description is encoded. */
export function greenhouseJob({
  id,
  title,
  location = 'Berlin',
  html = '<p>Text</p>',
  url,
}: Vacancy): object {
  return {
    absolute_url: url ?? `https://boards.greenhouse.io/acme/jobs/${id}`,
    data_compliance: [{ type: 'gdpr', requires_consent: false, retention_period: null }],
    internal_job_id: 900,
    location: { name: location },
    metadata: null,
    id: 4000,
    updated_at: '2026-02-20T09:15:00-05:00',
    requisition_id: id,
    title,
    company_name: 'Acme',
    first_published: '2026-02-18T09:00:00-05:00',
    language: 'en',
    content: html
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;'),
    departments: [{ id: 1, name: 'Engineering', child_ids: [], parent_id: null }],
    offices: [{ id: 2, name: 'Berlin', location: 'Berlin, Germany', child_ids: [], parent_id: null }],
  };
}

export function greenhouseBoard(jobs: object[]): object {
  return { jobs, meta: { total: jobs.length } };
}

/** A posting as the Lever Postings API answers with mode=json. */
export function leverPosting({ id, title, location = 'Berlin', html = '<p>Text</p>', url }: Vacancy): object {
  const hostedUrl = url ?? `https://jobs.lever.co/acme/${id}`;
  return {
    additionalPlain: '',
    additional: '',
    categories: {
      commitment: 'Full-time',
      department: 'Data',
      location,
      team: 'Platform',
      allLocations: [location],
    },
    createdAt: 1_771_500_000_000,
    descriptionPlain: 'not read',
    description: html,
    id,
    lists: [{ text: 'You bring', content: '<li>Curiosity</li>' }],
    text: title,
    country: 'DE',
    workplaceType: 'hybrid',
    opening: '',
    openingPlain: '',
    descriptionBody: html,
    descriptionBodyPlain: '',
    hostedUrl,
    applyUrl: `${hostedUrl}/apply`,
  };
}

/** A job as the Ashby job posting API answers. */
export function ashbyJob({ id, title, location = 'Berlin', html = '<p>Text</p>', url }: Vacancy): object {
  const jobUrl = url ?? `https://jobs.ashbyhq.com/acme/${id}`;
  return {
    id,
    title,
    department: 'Engineering',
    team: 'Data',
    employmentType: 'FullTime',
    location,
    secondaryLocations: [],
    publishedAt: '2026-02-19T12:00:00.000+00:00',
    isListed: true,
    isRemote: false,
    workplaceType: 'Hybrid',
    address: { postalAddress: { addressLocality: location, addressCountry: 'Germany' } },
    jobUrl,
    applyUrl: `${jobUrl}/application`,
    descriptionHtml: html,
    descriptionPlain: 'not read',
  };
}

export function ashbyBoard(jobs: object[]): object {
  return { apiVersion: '1', jobs };
}

/** An RSS 2.0 feed with the elements that WP Job Manager adds. */
export function rssFeed(items: Vacancy[], encoding = 'UTF-8'): string {
  const xml = items.map(
    ({ id, title, location = 'Berlin', html = 'Text', url }) => `
    <item>
      <title>${title}</title>
      <link>${url ?? `https://jobs.example.org/${id}`}</link>
      <guid isPermaLink="false">${id}</guid>
      <pubDate>Wed, 18 Feb 2026 08:00:00 +0000</pubDate>
      <job_listing:location>${location}</job_listing:location>
      <job_listing:company>Acme</job_listing:company>
      <description><![CDATA[${html}]]></description>
    </item>`,
  );
  return `<?xml version="1.0" encoding="${encoding}"?>
<rss version="2.0" xmlns:job_listing="https://wpjobmanager.com"><channel><title>Jobs</title>
  <link>https://jobs.example.org</link><description/>${xml.join('')}
</channel></rss>`;
}

export function atomFeed(entries: Vacancy[]): string {
  const xml = entries.map(
    ({ id, title, html = 'Text', url }) => `
  <entry>
    <title type="html">${title}</title>
    <link rel="self" href="https://jobs.example.org/atom/${id}"/>
    <link rel="alternate" type="text/html" href="${url ?? `https://jobs.example.org/${id}`}"/>
    <id>urn:job:${id}</id><updated>2026-02-18T08:00:00Z</updated>
    <content type="html">${html.replaceAll('<', '&lt;')}</content>
  </entry>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Jobs</title><id>urn:jobs</id>
<updated>2026-02-18T08:00:00Z</updated>${xml.join('')}</feed>`;
}
