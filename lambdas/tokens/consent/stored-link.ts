import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import type { Links, StoredLink } from '../store/links.ts';
import type { AppCredentials } from '../vault.ts';
import { ticketExpired, ticketInvalid, verifyLinkTicket } from './link-ticket.ts';

/** The dependencies that the page of a link uses. */
export interface LinkDependencies extends Pick<Dependencies, 'keyring' | 'now'> {
  store: Pick<Links, 'link'>;
  vault: Pick<AppCredentials, 'app'>;
}

/**
 * Returns the link of a ticket, which its maker has not taken back. It may be used already.
 * @throws {Failure} `rejected` for a link that is missing, invalid, expired or cancelled; `misconfigured` when the app has no
 * credentials
 */
export async function storedLink(
  ticketText: string | undefined,
  deps: LinkDependencies,
): Promise<StoredLink> {
  if (!ticketText) throw ticketMissing();
  const { id } = await verifyLinkTicket(ticketText, deps);
  const link = await deps.store.link(id);
  if (!link) throw ticketInvalid();
  if (link.expiresAt <= deps.now()) throw ticketExpired();
  if (link.end?.kind === 'failed' && link.end.error.code === 'link_cancelled') throw linkCancelled();
  // Read here, so that a link is not used up for an app that cannot work.
  await deps.vault.app(link.app, { fresh: true });
  return link;
}

function ticketMissing(): Failure {
  return new Failure(
    'rejected',
    'ticket_missing',
    'You need a personal link to connect Zoom.',
    'Ask your administrator to send you one.',
  );
}

function linkCancelled(): Failure {
  return new Failure(
    'rejected',
    'link_cancelled',
    'The person who sent you this link has taken it back.',
    'Ask that person for a new one.',
  );
}
