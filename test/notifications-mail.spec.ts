import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig } from './support/jobato';
import { until } from './support/until';

const FAILS = "console.error('<script>alert(1)</script>'); process.exit(3)";
const CHANNELS = `channels: [{ id: mail, type: email, to: [team@example.com, boss@example.com] }]
defaults: [{ channel: mail, on: [failed] }]
`;
interface Delivery {
  id: string;
  state: string;
  attempts: number;
  lastAnswer: { code: string; status: number | null; text: string } | null;
}

/** A real mail server that keeps what it gets. */
class MailServer {
  readonly mails: { to: string[]; text: string }[] = [];
  readonly replies: Error[] = [];
  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
  ) {}

  static async start(options: SMTPServerOptions = {}): Promise<MailServer> {
    const holder: { mail?: MailServer } = {};
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, session, done) => {
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => {
          const reply = holder.mail!.replies.shift();
          if (!reply)
            holder.mail!.mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
          done(reply);
        });
      },
      ...options,
    });
    server.on('error', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    holder.mail = new MailServer(server, (server.server.address() as AddressInfo).port);
    return holder.mail;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

let mail: MailServer;
let folders: Folders;
let jobato: RunningApp;
const start = async (environment: Record<string, string> = {}, options?: SMTPServerOptions) => {
  mail = await MailServer.start(options);
  folders = makeFolders({ backup: nodeStep('backup', FAILS, 'name: "Nightly\\r\\nBcc: x@example.com"\n') });
  writeConfig(folders, 'notifications.yaml', CHANNELS);
  jobato = await RunningApp.start(folders, {
    SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    MAIL_FROM: 'Jobato <jobato@jobato.example>',
    PUBLIC_URL: 'https://ci.example.com',
    ...environment,
  });
};
afterEach(async () => {
  await jobato.stop();
  await mail.stop();
  rmSync(folders.root, { recursive: true, force: true });
});
const deliveries = async () =>
  ((await jobato.api.get('/api/notifications').expect(200)).body as { items: Delivery[] }).items;
const fail = async () => jobato.untilEnded((await jobato.trigger('backup')).runId);
const headersOf = (text: string) => text.slice(0, text.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');

it('sends a mail with text and HTML, which mail programs put into one thread', async () => {
  await start();
  const { runId } = await fail();
  await fail();
  await until(async () => (await deliveries()).every(({ state }) => state === 'delivered'));
  const [first, second] = mail.mails;
  const [{ id }] = (await deliveries()).reverse() as [Delivery];
  expect(first!.to).toEqual(['team@example.com', 'boss@example.com']);
  const headers = headersOf(first!.text);
  expect(headers).toContain('From: Jobato <jobato@jobato.example>');
  expect(headers).toContain(`Message-ID: <${id}@jobato.example>`);
  expect(headers).toContain('References: <project.backup@jobato.example>');
  expect(headersOf(second!.text)).toContain('References: <project.backup@jobato.example>');
  expect(headers).toMatch(/Subject: Nightly Bcc: x@example.com #1 failed at work \(exit 3\) after/);
  expect(headers).not.toMatch(/^Bcc:/m);
  const body = first!.text.replaceAll('=\r\n', '').replaceAll('=3D', '=');
  expect(body).toContain(`https://ci.example.com/runs/${runId}`);
  expect(body).toContain('  <script>alert(1)</script>');
  expect(body).toContain('<pre>&lt;script&gt;alert(1)&lt;/script&gt;</pre>');
});

it('repeats a mail that the server refused for now, with the same id', async () => {
  await start();
  mail.replies.push(Object.assign(new Error('Greylisted'), { responseCode: 451 }));
  await fail();
  await until(async () => (await deliveries())[0]?.attempts === 1);
  const [{ id, state, lastAnswer }] = (await deliveries()) as [Delivery];
  expect(state).toBe('pending');
  expect(lastAnswer).toMatchObject({
    code: 'mail-refused',
    status: 451,
    text: expect.stringContaining('Greylisted') as string,
  });
  await jobato.api.post(`/api/notifications/${id}/resend`).expect(202);
  await until(async () => (await deliveries())[0]!.state === 'delivered');
  expect(headersOf(mail.mails[0]!.text)).toContain(`Message-ID: <${id}@`);
});

it('logs in, and keeps the password out of answers', async () => {
  const options: SMTPServerOptions = {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'right%password'
        ? done(null, { user: username })
        : done(Object.assign(new Error(`Wrong: ${password}`), { responseCode: 535 })),
  };
  await start({}, options);
  await jobato.stop();
  const start2 = (password: string) =>
    RunningApp.start(folders, {
      SMTP_URL: `smtp://ada:${password}@127.0.0.1:${mail.port}`,
      MAIL_FROM: 'a@example.com',
    });
  jobato = await start2('wrong-password');
  const refused = await jobato.api.post('/api/notifications/channels/mail/test').expect(200);
  expect(refused.body).toMatchObject({ state: 'failed', lastAnswer: { code: 'mail-refused', status: 535 } });
  expect(refused.text).not.toContain('wrong-password');
  await jobato.stop();
  jobato = await start2('right%password');
  const accepted = await jobato.api.post('/api/notifications/channels/mail/test').expect(200);
  expect(accepted.body).toMatchObject({ state: 'delivered', lastAnswer: { code: 'mail-accepted' } });
});

it('reports a mail server that is not there, and settings that are missing', async () => {
  await start({ SMTP_URL: 'smtp://127.0.0.1:1' });
  const { body } = await jobato.api.post('/api/notifications/channels/mail/test').expect(200);
  expect(body).toMatchObject({ state: 'failed', lastAnswer: { code: 'no-connection' } });
  await jobato.stop();
  jobato = await RunningApp.start(folders, { SMTP_URL: `smtp://127.0.0.1:${mail.port}` });
  const unready = await jobato.api.post('/api/notifications/channels/mail/test').expect(409);
  expect((unready.body as { detail: string }).detail).toContain('MAIL_FROM is not set');
});
