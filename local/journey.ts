import type { manualClock } from './clock.ts';
import type { LocalStack } from './local-stack.ts';
import { publishedToken } from './published-token.ts';
import { readAsN8n } from './read-as-n8n.ts';
import { snapshot } from './snapshot.ts';
import type { Terminal } from './terminal.ts';
import { consentAsBrowser } from './zoom/consent.ts';

const ROTATIONS = 2;
const SWEEP_SECONDS = 60;
/** Tokens live one hour. In four hours, each connection must have rotated twice. */
const MAX_SWEEPS = 4 * 60;

/**
 * Connects both apps, rotates each twice and reads the tokens as n8n does, without user input. Advances the clock by a
 * minute before each sweep. Returns whether Zoom accepted every token that n8n read.
 */
export async function journey(
  stack: LocalStack,
  clock: ReturnType<typeof manualClock>,
  terminal: Terminal,
): Promise<boolean> {
  const reads = new Map<string, { accepted: boolean; rotations: number }>();
  const published = new Set<string>();
  const rotations = (connection: string) => reads.get(connection)?.rotations ?? 0;
  stack.journal.listen((entry) => {
    terminal.writeEntry(entry);
    const connection = String(entry.connection);
    if (entry.event === 'published') published.add(connection);
    if (entry.event !== 'rotated') return;
    reads.set(connection, { accepted: true, ...reads.get(connection), rotations: rotations(connection) + 1 });
  });

  await connect(stack);
  await readAndCall(stack, terminal, published, reads);
  for (let sweeps = 0; sweeps < MAX_SWEEPS; sweeps += 1) {
    clock.advance(SWEEP_SECONDS);
    published.clear();
    await stack.sweep();
    if (published.size > 0) await readAndCall(stack, terminal, published, reads);
    if (['main', 'reports'].every((connection) => rotations(connection) >= ROTATIONS)) break;
  }

  const shown = await snapshot(stack);
  const results = shown.map(({ connection, secretName, expression }) => ({
    event: 'n8n-read',
    connection,
    secretName,
    expression,
    accepted: reads.get(connection)?.accepted ?? false,
    rotations: rotations(connection),
  }));
  const isSuccess =
    results.length === 2 && results.every((each) => each.accepted && each.rotations >= ROTATIONS);
  terminal.writeText('');
  for (const result of results) {
    const { connection, expression, accepted, rotations: count } = result;
    terminal.writeText(
      `${connection.padEnd(10)} ${expression}  ${count} rotations, ${accepted ? 'every token accepted' : 'NOT ACCEPTED'}`,
    );
    terminal.writeJson(result);
  }
  terminal.writeText(
    isSuccess
      ? '\nEvery token that n8n read was accepted by Zoom.'
      : '\nNot every token was accepted, or a connection did not rotate twice. See above.',
  );
  return isSuccess;
}

/** Makes the Server-to-Server connection as the command line does, and the user connection as a browser does. */
async function connect(stack: LocalStack): Promise<void> {
  const server = await stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });
  if (!server.ok) throw new Error(server.error.message);
  const link = await stack.operate({ action: 'link', connection: 'main' });
  if (!link.ok) throw new Error(link.error.message);
  const page = await consentAsBrowser((link.result as { link: string }).link);
  if (page.status !== 200)
    throw new Error(`The consent failed: the last page has the status ${page.status}.`);
}

/** Reads the tokens as n8n does, and calls Zoom's API with each. */
async function readAndCall(
  stack: LocalStack,
  terminal: Terminal,
  published: Set<string>,
  reads: Map<string, { accepted: boolean; rotations: number }>,
): Promise<void> {
  const values = await readAsN8n(stack.secretsManager);
  for (const connection of await snapshot(stack)) {
    const token = publishedToken(values, connection);
    const { status } = await fetch(`${stack.zoomUrl}/v2/users/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { accepted = true, rotations = 0 } = reads.get(connection.connection) ?? {};
    reads.set(connection.connection, { accepted: accepted && status === 200, rotations });
    if (published.has(connection.connection)) terminal.writePublication(connection, stack.now());
  }
}
