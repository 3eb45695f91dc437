import type { Command } from 'commander';
import open from 'open';
import type { ConnectionView, GrantType } from '../../../lambdas/operator-protocol.ts';
import { grantOption } from '../../connection/grant-option.ts';
import { exitOf, remarks } from '../../connection/remarks.ts';
import { scopeWarning } from '../../connection/scope-warning.ts';
import { line } from '../../connection/text.ts';
import { Interrupted, UsageError } from '../../errors.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { wallTime } from '../../terminal/time.ts';
import { lookFor } from './find-connection.ts';
import { requestLink, untilConsented } from './link.ts';

interface Options {
  app?: string;
  grant?: GrantType;
  replaceUser?: boolean;
  open: boolean;
  wait: boolean;
}

export function addConnect(program: Command): void {
  const command = program
    .command('connect')
    .description('Connect a Zoom account, or connect it again.')
    .argument('<connection>', 'name of the connection: a-z, 0-9 and _')
    .option('--app <app>', 'which Zoom app (default: that of the connection, or "default")')
    .addOption(grantOption('kind of the app (default: that of the connection, or user)'))
    .option('--replace-user', 'let another Zoom user than before consent')
    .option('--no-open', 'print the link and open no browser')
    .option('--no-wait', 'print the link and do not wait for the consent')
    .action(connect);
  addExamples(command, [
    ['zoom-tokens connect main', 'a user consents in the browser'],
    ['zoom-tokens connect main --no-open', 'prints the link, for another person or machine'],
    ['zoom-tokens connect reports --app reports --grant s2s', 'a Server-to-Server app, at once'],
    ['zoom-tokens connect main --no-wait --json', 'the link, for a script'],
  ]);
}

async function connect(connection: string, options: Options, command: Command): Promise<void> {
  const session = openSession(command);
  const { app } = options;
  const before = await session.output.during('Asking for the connection', () => lookFor(connection, session));
  const grant = options.grant ?? before?.view.grantType ?? 'authorization_code';
  const request = { connection, ...(app !== undefined && { app }) };
  if (grant === 'authorization_code') return connectUser(request, options, session);
  if (options.replaceUser) {
    throw new UsageError('A Server-to-Server connection has no user.', 'Leave --replace-user out.');
  }
  const result = await session.output.during(`Connecting "${connection}"`, () =>
    session.operator.ask('connect', request),
  );
  session.output.document(result);
  showConnected(result.connection, result.connection.rotatedAt, session);
}

async function connectUser(
  request: { connection: string; app?: string },
  options: Options,
  session: Session,
): Promise<void> {
  const { output } = session;
  const link = await requestLink({ ...request, ...(options.replaceUser && { replaceUser: true }) }, session);
  const { url, endsAt } = link;
  if (!options.wait) {
    output.document({ link: url, expiresAt: link.expiresAt, generation: link.generation });
    output.say(url);
    return;
  }
  // For a person, also while standard output waits for the document.
  const tell = output.json ? output.note : output.say;
  tell(`Open this link and allow the app at Zoom. It opens once, until ${wallTime(endsAt)}.\n\n  ${url}\n`);
  if (options.open && output.live) await open(url).catch(() => {});
  const { view, now } = await output
    .during('Waiting for the consent', () => untilConsented(link, session))
    .catch((error) => {
      if (error instanceof Interrupted) output.note(`The link stays valid until ${wallTime(endsAt)}.`);
      throw error;
    });
  output.document({ connection: view });
  showConnected(view, now, session);
}

function showConnected(view: ConnectionView, now: number, { output }: Session): void {
  const { connection, expression } = view;
  output.say(`${paint('green', '✔')} "${connection}" is connected.`);
  for (const remark of remarks(view, now)) output.say(line(remark));
  for (const warning of scopeWarning(view)) output.say(warning);
  output.say(
    `\nPaste this, as an expression, into n8n’s Zoom credential of the type Access Token (field JWT Token):\n`,
  );
  output.say(`  ${paint('bold', expression)}`);
  process.exitCode = exitOf([view], now);
}
