import type { Connection } from '../connection.ts';
import { logContext } from '../connection.ts';
import { placeOfConsent } from '../consent/choose-place.ts';
import { revokeUnused, targetConnection } from '../consent/zoom-user.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import type { RescuedTokens } from '../rescue.ts';
import { open, seal } from '../sealing/seal.ts';

/** The connection as it is after the kept consent was used or given up, and whether its tokens are that consent's. */
interface Settled {
  item: Connection;
  isRenewed: boolean;
}

/** Consents are fenced by their time and their Zoom user here: other consents may have come since. */
const SEEN_NONE = 0;

/**
 * Asks Zoom by whom the kept consent was given. Then it is stored, for the connection or for the one that has this Zoom user
 * already; a consent of another user is revoked.
 * @throws {Failure} `retry` while Zoom does not say. The earlier refresh token must not be used until then: if the consent is
 * the connection's own, Zoom has ended it
 */
export async function settleKeptConsent(
  item: Connection,
  deps: Dependencies,
  deadline: number,
): Promise<Settled> {
  const { rescue, store, zoom, openingKey, sealingKey, now, log } = deps;
  const { connection, keptConsent } = item;
  if (!keptConsent || !rescue) return { item, isRenewed: false };
  const key = { connection, consentId: keptConsent.consentId };
  const dropped = async (reason: string): Promise<Settled> => {
    await store.dropKeptConsent(item);
    await rescue.remove(key).catch(() => {});
    log.warn(`The kept consent was not used: ${reason}.`, logContext(item));
    return { item, isRenewed: false };
  };

  const kept = await rescue.get(key);
  if (!kept) return dropped('it is not in the rescue store');
  // Zoom is asked with the kept access token. Once it has expired, nothing tells any more whose it was.
  if (kept.expiresAt <= now()) return dropped('Zoom did not say in time by whom it was given');
  const tokens = await open(kept.sealedTokens, connection, openingKey);
  const user = await zoom.user(tokens.accessToken).catch(() => {
    throw stillUnknown(connection);
  });
  if (!user) return dropped('Zoom does not say by whom it was given');
  const { app, place: wanted } = keptConsent;
  const target = await targetConnection(user, { connection, app }, deps);
  if (target === undefined) {
    const used = [tokens.accessToken, tokens.refreshToken];
    await revokeUnused(used, await deps.vault.app(app), deps, deadline);
    return dropped('it was given by another Zoom user, and was revoked');
  }
  const sealedTokens =
    target === connection ? kept.sealedTokens : await seal(tokens, target, await sealingKey());
  const { id: zoomUserId, accountId } = user;
  const consent = {
    ...{ ...consentOf(kept), connection: target, app, consentId: key.consentId, sealedTokens },
    ...(await placeOfConsent(
      { connection: target, ...(wanted && { place: wanted }), accessToken: tokens.accessToken },
      await store.get(target),
      deps,
    )),
  };
  const stored = await store.commitConsent(
    { ...consent, zoomUserId, ...(accountId !== undefined && { zoomAccountId: accountId }) },
    SEEN_NONE,
  );
  if (target !== connection) return dropped('its Zoom user has another connection, which was renewed');
  if (stored.consentId !== key.consentId) return dropped('a newer consent stays');
  await rescue.remove(key).catch(() => {});
  log.info('connected', logContext(stored));
  return { item: stored, isRenewed: true };
}

function stillUnknown(connection: string): Failure {
  return new Failure(
    'retry',
    'user_unanswered',
    `Zoom does not say yet by whom the last consent to "${connection}" was given.`,
    'Nothing to do: the next sweeps ask again, and use the consent or revoke it.',
  );
}

const consentOf = ({ expiresAt, rotatedAt, clientId, scope }: RescuedTokens) => ({
  grantType: 'authorization_code' as const,
  expiresAt,
  consentedAt: rotatedAt,
  overlap: 'unknown' as const,
  ...(clientId !== undefined && { clientId }),
  ...(scope !== undefined && { scope }),
});
