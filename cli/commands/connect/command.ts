import type { Command } from 'commander';
import { N8N } from '../../../lambdas/contract.ts';
import {
  assertName,
  type ConnectionView,
  type GrantType,
  type Place,
  placeOf,
} from '../../../lambdas/operator-protocol.ts';
import { grantOption } from '../../connection/grant-option.ts';
import { exitStatusOf, remarks } from '../../connection/remarks.ts';
import { scopeWarning } from '../../connection/scope-warning.ts';
import { formatRemark } from '../../connection/text.ts';
import { Interrupted, UsageError } from '../../errors.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { passedOptions } from '../../terminal/passed-options.ts';
import { parseExpires } from './expires.ts';
import { findConnection } from './find-connection.ts';
import { requestLink, waitForConsent } from './link.ts';
import { cancelLinks, renewLinks } from './links.ts';

interface ConnectOptions {
  app?: string;
  grant?: GrantType;
  replaceUser?: boolean;
  /** `false` for a secret of its own. */
  bundle?: string | false;
  secret: boolean;
  /** Seconds. */
  expires?: number;
  forMe?: boolean;
  cancel?: boolean;
  renewLinks?: boolean;
  open: boolean;
  wait: boolean;
}

/** The options that say where a new connection is published. */
const PLACES = ['bundle', 'no-bundle', 'no-secret'];

export function addConnect(program: Command): void {
  const places = new Set<string>();
  const command = program
    .command('connect')
    .description('Connect a Zoom account, or connect it again.')
    .argument('[connection]', 'name of the connection: a-z, 0-9 and _')
    .option('--app <app>', 'name of the Zoom app (default: the app of the connection, or "default")')
    .addOption(grantOption('type of the Zoom app (default: the type of the connection, or user)'))
    .option('--replace-user', 'let a different Zoom user consent')
    .option('--bundle <bundle>', 'publish a new connection as a field of this bundle')
    .option('--no-bundle', 'publish a new connection as a secret of its own, whatever the default')
    .option('--no-secret', 'publish a new connection in no secret: its token is only pushed to n8n')
    .option('--expires <duration>', 'how long the link can be used, 1m to 30d (default: 30m)', parseExpires)
    .option('--for-me', 'show what to paste into n8n after the consent (default with an opened browser)')
    .option('--cancel', 'take back the links that wait for the connection')
    .option('--renew-links', 'make the links anew that a key rotation has ended')
    .option('--no-open', 'print the link and open no browser')
    .option('--no-wait', 'print the link and do not wait for the consent')
    .action((connection: string | undefined, options: ConnectOptions) => {
      assertOnePlace(places);
      return connect(connection, options, command);
    });
  // `--bundle` and `--no-bundle` set one value, of which the last would win.
  for (const place of PLACES) command.on(`option:${place}`, () => places.add(`--${place}`));
  addExamples(command, [
    ['zoom-tokens connect main', 'opens the browser, where a user consents'],
    ['zoom-tokens connect main --no-open', 'prints the link for another person or machine'],
    [
      'zoom-tokens connect alice --expires 3d --no-wait',
      'prints a link to mail; "status" shows it until then',
    ],
    ['zoom-tokens connect anna --bundle sales', 'publishes the token as a field of the bundle "sales"'],
    ['zoom-tokens connect alice --cancel', 'takes that link back'],
    ['zoom-tokens connect reports --app reports --grant s2s', 'connects a Server-to-Server app at once'],
    ['zoom-tokens connect main --no-wait --json', 'prints the link for a script'],
  ]);
}

async function connect(
  connection: string | undefined,
  options: ConnectOptions,
  command: Command,
): Promise<void> {
  const session = openSession(command);
  const { output } = session;
  if (options.renewLinks) {
    if (connection !== undefined)
      throw new UsageError('--renew-links renews the links of all connections.', 'Omit the connection.');
    assertAlone('renewLinks', command);
    return renewLinks(session);
  }
  if (connection === undefined) {
    throw new UsageError(
      'Missing required argument "connection".',
      'Run: npx zoom-tokens connect <connection>',
    );
  }
  if (options.cancel) {
    assertAlone('cancel', command);
    return cancelLinks(connection, session);
  }
  const { app } = options;
  const existing = await output.withSpinner('Requesting the connection', () =>
    findConnection(connection, session),
  );
  const grant = options.grant ?? existing?.view.grantType ?? 'authorization_code';
  const place = placeFrom(options);
  const parameters = { connection, ...(app !== undefined && { app }), ...(place && { place }) };
  if (grant === 'authorization_code') return connectUser(parameters, options, session);
  if (options.replaceUser) {
    throw new UsageError('A Server-to-Server connection has no user to replace.', 'Omit --replace-user.');
  }
  const forLinks = [
    ...(options.expires === undefined ? [] : ['--expires']),
    ...(options.forMe ? ['--for-me'] : []),
    ...(options.wait ? [] : ['--no-wait']),
  ];
  if (forLinks.length > 0) {
    throw new UsageError(
      'A Server-to-Server connection is made at once and has no link.',
      `Omit ${forLinks.join(' and ')}.`,
    );
  }
  const result = await output.withSpinner(`Connecting "${connection}"`, () =>
    session.operator.request('connect', parameters),
  );
  output.printJson(result);
  printConnected(result.connection, result.connection.rotatedAt, session);
}

/** @throws {UsageError} for an option beside one that makes no link, which would ignore it */
function assertAlone(attribute: 'cancel' | 'renewLinks', command: Command): void {
  const passed = passedOptions(command);
  const own = passed.find((option) => option.attributeName() === attribute);
  const others = passed.filter((option) => option !== own).map(({ long }) => long);
  if (others.length === 0) return;
  throw new UsageError(`${own?.long} makes no new connection.`, `Omit ${others.join(' and ')}.`);
}

/** @throws {UsageError} for options that name more than one place */
function assertOnePlace(places: ReadonlySet<string>): void {
  if (places.size < 2) return;
  throw new UsageError(
    `${[...places].join(' and ')} contradict each other: a connection is published in one place.`,
    'Pass one of them.',
  );
}

/** Returns the place that the options name; `undefined` for the default. */
function placeFrom({ bundle, secret }: Pick<ConnectOptions, 'bundle' | 'secret'>): Place | undefined {
  if (!secret) return 'none';
  return bundle === false ? 'own' : bundle === undefined ? undefined : bundlePlace(bundle);
}

function bundlePlace(bundle: string): Place {
  assertName('bundle', bundle);
  return placeOf(bundle);
}

async function connectUser(
  parameters: { connection: string; app?: string; place?: Place },
  options: ConnectOptions,
  session: Session,
): Promise<void> {
  const { output } = session;
  const opensBrowser = options.open && options.wait && output.isInteractive;
  const wishes = {
    ...(options.replaceUser && { replaceUser: true }),
    ...((options.forMe ?? opensBrowser) && { forMe: true }),
    ...(options.expires !== undefined && { seconds: options.expires }),
  };
  const link = await requestLink({ ...parameters, ...wishes }, session);
  const { url, until } = link;
  if (!options.wait) {
    output.printJson({ link: url, expiresAt: link.expiresAt, generation: link.generation });
    output.print(url);
    return;
  }
  // With --json a person still has to open the link, and standard output is kept for the document.
  const printLink = output.json ? output.printNotice : output.print;
  printLink(
    `Open this link and allow the app at Zoom.\n${[`It works once, until ${until}.`, ...link.clock].join(' ')}\n\n  ${url}\n`,
  );
  if (opensBrowser) await openInBrowser(url);
  const { view, now } = await output
    .withSpinner('Waiting for the consent', () => waitForConsent(link, session))
    .catch((error) => {
      if (error instanceof Interrupted) {
        output.printNotice(`The link stays valid until ${until}.`);
      }
      throw error;
    });
  output.printJson({ connection: view });
  printConnected(view, now, session);
}

function printConnected(view: ConnectionView, now: number, { output }: Session): void {
  const { connection, expression } = view;
  output.print(`${paint('green', '✔')} "${connection}" is connected.`);
  for (const remark of remarks(view, now)) output.print(formatRemark(remark));
  for (const warning of scopeWarning(view)) output.print(warning);
  if (expression === undefined) output.print('\nIts token is only pushed to n8n.');
  else {
    output.print(
      `\nIn n8n, open the credential of the type ${N8N.credentialType} and paste this expression into the field ${N8N.field}.`,
    );
    output.print(`(${N8N.deprecation})\n`);
    output.print(`  ${paint('bold', expression)}`);
  }
  process.exitCode = exitStatusOf([view], now);
}

/** The link is printed too, for a machine that has no browser. */
async function openInBrowser(url: string): Promise<void> {
  const { default: open } = await import('open');
  await open(url).catch(() => {});
}
