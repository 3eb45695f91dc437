import type { Mutant } from './mutant.ts';

const TOKENS = 'test/lambdas/tokens';
const SECRETS_TESTS = ['test/lambdas/aws/published-secrets.test.ts'];
const SNS_TESTS = ['test/lambdas/aws/sns.test.ts'];
const TABLE_TESTS = ['test/lambdas/aws/table/connections.test.ts'];
const ITEMS_TESTS = ['test/lambdas/aws/table/items.test.ts'];
const STEP_TESTS = [`${TOKENS}/rotation/step.test.ts`];
const REQUEST_TESTS = [`${TOKENS}/rotation/request-tokens.test.ts`];
const PUBLISH_TESTS = [`${TOKENS}/rotation/publish.test.ts`];
const HEALTH_TESTS = [`${TOKENS}/sweep/fleet-health.test.ts`];
const INCIDENT_TESTS = [`${TOKENS}/judgement/app-health.test.ts`];
const PUSH_TESTS = [`${TOKENS}/push/push.test.ts`];
const DEAUTHORIZED_TESTS = [`${TOKENS}/disconnect/deauthorized.test.ts`];
const RECONNECT_TESTS = [`${TOKENS}/sweep/reconnects.test.ts`];
const WEBHOOK_TESTS = ['test/lambdas/callback/zoom-webhook.test.ts'];

const STEP = 'lambdas/tokens/rotation/step.ts';
const REQUEST = 'lambdas/tokens/rotation/request-tokens.ts';
const FAILURE = 'lambdas/tokens/rotation/record-failure.ts';
const PUBLISH = 'lambdas/tokens/rotation/publish.ts';
const OVERLAP = 'lambdas/tokens/rotation/overlap.ts';
const APP_HEALTH = 'lambdas/tokens/judgement/app-health.ts';
const SWEEP_FILE = 'lambdas/tokens/sweep/sweep.ts';
const DUE_QUEUE = 'lambdas/tokens/sweep/due-queue.ts';
const OUTCOMES = 'lambdas/tokens/sweep/outcomes.ts';
const RECONNECTS = 'lambdas/tokens/sweep/reconnects.ts';
const ALERTS = 'lambdas/tokens/sweep/alerts.ts';
const PUSH = 'lambdas/tokens/push/push.ts';
const BEGIN = 'lambdas/tokens/disconnect/begin-disconnect.ts';
const DEAUTHORIZED = 'lambdas/tokens/disconnect/deauthorized.ts';
const SIGNATURE = 'lambdas/tokens/disconnect/webhook-signature.ts';
const STEPS_TABLE = 'lambdas/aws/table/steps.ts';
const PAIRS = 'lambdas/aws/table/token-pairs.ts';
const ITEMS = 'lambdas/aws/table/items.ts';
const SECRETS = 'lambdas/aws/published-secrets.ts';

/** Small semantic changes made by hand. A text in `from` stands once in its file. */
export const mutants: Mutant[] = [
  {
    file: STEP,
    what: 'a step keeps the lease when its settlement is refused',
    from: 'if (!(await store.settle(item, settlement))) await store.release(item);',
    to: 'await store.settle(item, settlement);',
    tests: STEP_TESTS,
  },
  {
    file: REQUEST,
    what: 'a refused refresh token is believed without reading the app again',
    from: "const isAnswered = error instanceof Failure && error.class !== 'retry';",
    to: "const isAnswered = error instanceof Failure && error.class === 'misconfigured';",
    tests: REQUEST_TESTS,
  },
  {
    file: REQUEST,
    what: 'a changed account id goes unnoticed',
    from: '&& accountId === other.accountId;',
    to: '&& (accountId, true);',
    tests: REQUEST_TESTS,
  },
  {
    file: FAILURE,
    what: 'a step keeps the lease when its failure cannot be recorded',
    from: '      await store.release(item);\n',
    to: '',
    tests: STEP_TESTS,
  },
  {
    file: 'lambdas/tokens/schedule.ts',
    what: "Zoom's Retry-After is ignored",
    from: 'const retryAfter = error instanceof Failure ? error.retryAfter : undefined;',
    to: 'const retryAfter = undefined;',
    tests: [`${TOKENS}/schedule.test.ts`],
  },
  {
    file: SWEEP_FILE,
    what: 'a sweep that needs attention leaves the earlier health check in force',
    from: 'if (needsAttention(outcomes)) await store.expireHealthCheck();\n  else {',
    to: 'if (!needsAttention(outcomes)) {',
    tests: HEALTH_TESTS,
  },
  {
    file: SWEEP_FILE,
    what: 'a health check is complete although an alert failed',
    from: 'alerted.every(Boolean) && outcomes.attempts === 0',
    to: 'outcomes.attempts === 0',
    tests: HEALTH_TESTS,
  },
  {
    file: SWEEP_FILE,
    what: 'a health check is complete although this sweep changed connections',
    from: 'alerted.every(Boolean) && outcomes.attempts === 0',
    to: 'alerted.every(Boolean)',
    tests: HEALTH_TESTS,
  },
  {
    file: DUE_QUEUE,
    what: 'a sweep meets a name again that the index still shows',
    from: '.filter(({ connection }) => !met.has(connection))',
    to: '',
    tests: [`${TOKENS}/sweep/due-queue.test.ts`],
  },
  {
    file: APP_HEALTH,
    what: 'an incident needs four refused connections',
    from: 'const LEAST_REFUSED = 3;',
    to: 'const LEAST_REFUSED = 4;',
    tests: INCIDENT_TESTS,
  },
  {
    file: APP_HEALTH,
    what: 'as many refused as granted is an incident',
    from: 'refused >= LEAST_REFUSED && refused > granted',
    to: 'refused >= LEAST_REFUSED && refused >= granted',
    tests: INCIDENT_TESTS,
  },
  {
    file: APP_HEALTH,
    what: 'an incident needs an app of which all are refused',
    from: 'refused >= LEAST_REFUSED && refused > granted',
    to: 'refused >= LEAST_REFUSED && granted === 0',
    tests: INCIDENT_TESTS,
  },
  {
    file: OUTCOMES,
    what: 'a step that yielded is no attempt',
    from: "outcomes.attempts += 1;\n  if (outcome.kind === 'yielded') return;",
    to: "if (outcome.kind === 'yielded') return;\n  outcomes.attempts += 1;",
    tests: [`${TOKENS}/sweep/outcomes.test.ts`],
  },
  {
    file: STEP,
    what: 'a failure is recorded without waiting for it',
    from: 'const recorded = await recordFailure(item, failure, remains, deps, apps);',
    to: 'void recordFailure(item, failure, remains, deps, apps);\n    const recorded = { recorded: toFailure(failure).class, isRefused: isRefusal(failure) };',
    tests: STEP_TESTS,
  },
  {
    file: OVERLAP,
    what: 'an overlap that was measured as "no" is measured at every rotation',
    from: "(overlap === 'unknown' || now()",
    to: "(overlap !== 'yes' || now()",
    tests: [`${TOKENS}/rotation/overlap.test.ts`],
  },
  {
    file: PUBLISH,
    what: "a publication's name lacks its timestamp",
    from: '[connection, generation, version, rotatedAt]',
    to: '[connection, generation, version, 0 * rotatedAt]',
    tests: PUBLISH_TESTS,
  },
  {
    file: PUBLISH,
    what: "a publication's name lacks its generation",
    from: '[connection, generation, version, rotatedAt]',
    to: '[connection, 0 * generation, version, rotatedAt]',
    tests: PUBLISH_TESTS,
  },
  {
    file: PUSH,
    what: 'the pause of an n8n instance outlives a new link',
    from: 'pause.until > now() && isSameInstance(pause.instance, instance)',
    to: 'pause.until > now()',
    tests: PUSH_TESTS,
  },
  {
    file: PUSH,
    what: 'an n8n instance can stop the pushes to it for ever',
    from: 'Math.min(LONGEST_PAUSE_SECONDS, Math.max(PAUSE_SECONDS, error.retryAfter ?? 0))',
    to: 'Math.max(PAUSE_SECONDS, error.retryAfter ?? 0)',
    tests: PUSH_TESTS,
  },
  {
    file: 'lambdas/tokens/apis/zoom.ts',
    what: "a token's expiry counts from Zoom's response",
    from: 'return parseTokenResponse(response, { grant, sentAt, warn });',
    to: 'return parseTokenResponse(response, { grant, sentAt: sentAt - sentAt + now(), warn });',
    tests: REQUEST_TESTS,
  },
  {
    file: 'lambdas/aws/table/consents.ts',
    what: 'a repetition of a consent counts as another one',
    from: `OR \${isNoRepetition} AND \${isUncrossed}`,
    to: `OR \${isUncrossed}`,
    tests: TABLE_TESTS,
  },
  {
    file: STEPS_TABLE,
    what: 'the alert of a connection in any status can be postponed',
    from: 'IS_UNCHANGED} AND #status = :reconnect',
    to: 'IS_UNCHANGED} AND (#status = :reconnect OR #version <= :version)',
    tests: TABLE_TESTS,
  },
  {
    file: PAIRS,
    what: 'a rotation that was sent twice is stored twice',
    from: '#version = :before AND',
    to: '#version >= :before AND',
    tests: TABLE_TESTS,
  },
  {
    file: PAIRS,
    what: 'a rotation does not see that a consent or another function has come',
    from: ' AND attribute_not_exists(#isClosed)',
    to: '',
    tests: TABLE_TESTS,
  },
  {
    file: PAIRS,
    what: 'the tokens of an earlier generation are used',
    from: 'pair.generation === item.generation && Number',
    to: 'Number',
    tests: ['test/lambdas/aws/table/token-pairs.test.ts'],
  },
  {
    file: ITEMS,
    what: 'reads by key are eventually consistent',
    from: 'ConsistentRead: true,',
    to: 'ConsistentRead: false,',
    tests: ITEMS_TESTS,
  },
  {
    file: ITEMS,
    what: 'a truncated response to a read means that there is no item',
    from: "if (!ConsumedCapacity) throw new Error('DynamoDB responded to a read without its capacity');",
    to: '',
    tests: ITEMS_TESTS,
  },
  {
    file: ITEMS,
    what: 'a truncated response to an update passes for a success',
    from: "if (!Attributes) throw new Error('DynamoDB responded to an update without the item');\n      return unmarshall(Attributes);",
    to: 'return unmarshall(Attributes ?? {});',
    tests: ITEMS_TESTS,
  },
  {
    file: 'lambdas/aws/table/user-claims.ts',
    what: "the claim of a Zoom user overwrites another writer's",
    from: "'#heldBy IN (:before, :connection)'",
    to: "'#heldBy IN (:before, :connection) OR #heldBy <> :before'",
    tests: TABLE_TESTS,
  },
  {
    file: 'lambdas/tokens/consent/finish-consent.ts',
    what: 'a consent is dated after Zoom said who consented',
    from: [
      'const consentedAt = deps.now();',
      '  const isBound = !pending.replaceUser && ownerOf(existing) !== undefined;',
      '  const asking = { isBound, deadline: deadline - (deps.rescue ? STORE_SECONDS : 0) };',
      '  const { user, isAnswered } = await identifyZoomUser(tokens.accessToken, asking, deps);',
    ].join('\n'),
    to: [
      'const isBound = !pending.replaceUser && ownerOf(existing) !== undefined;',
      '  const asking = { isBound, deadline: deadline - (deps.rescue ? STORE_SECONDS : 0) };',
      '  const { user, isAnswered } = await identifyZoomUser(tokens.accessToken, asking, deps);',
      '  const consentedAt = deps.now();',
    ].join('\n'),
    tests: [`${TOKENS}/consent/consent.test.ts`],
  },
  {
    file: DEAUTHORIZED,
    what: 'a deauthorization in the second of the consent ends the consent',
    from: '|| consentedAt >= at',
    to: '|| consentedAt > at',
    tests: DEAUTHORIZED_TESTS,
  },
  {
    file: DEAUTHORIZED,
    what: 'a late deauthorization makes a disconnection older',
    from: 'disconnectedAt: Math.max(at, disconnectedAt, lastOverwrite(seen)), generation',
    to: 'disconnectedAt: Math.max(at, lastOverwrite(seen)), generation',
    tests: DEAUTHORIZED_TESTS,
  },
  {
    file: BEGIN,
    what: 'a disconnection ends whatever generation it finds',
    from: 'if (!isDisconnected(item)) {',
    to: 'if (false) {',
    tests: DEAUTHORIZED_TESTS,
  },
  {
    file: BEGIN,
    what: 'a consent that crossed the first write of a disconnection is ended with it',
    from: 'if (!isDisconnected(item)) {',
    to: 'if (!isHeld && !isDisconnected(item)) {',
    tests: [`${TOKENS}/disconnect/crossing.test.ts`],
  },
  {
    file: STEP,
    what: 'a refresh is requested while Zoom may still work on a lost one',
    from: 'await waitOutLostResponse(item, deps, options.deadline);',
    to: '',
    tests: [`${TOKENS}/operate/rotate-now.test.ts`],
  },
  {
    file: 'lambdas/tokens/disconnect/zoom-webhook.ts',
    what: 'a deauthorization may lie in the future',
    from: 'Math.min(Math.floor(Date.parse(deauthorization_time) / 1000), deps.now())',
    to: 'Math.floor(Date.parse(deauthorization_time) / 1000)',
    tests: ['test/lambdas/callback/zoom-deauthorization.test.ts'],
  },
  {
    file: SIGNATURE,
    what: 'a delivery can be replayed for 50 minutes',
    from: 'const WINDOW_SECONDS = 5 * 60;',
    to: 'const WINDOW_SECONDS = 50 * 60;',
    tests: WEBHOOK_TESTS,
  },
  {
    file: 'lambdas/aws/app-credentials.ts',
    what: 'a new webhook secret is not tried',
    from: 'if (known && fits(known)) return known;',
    to: 'if (known) return fits(known) ? known : undefined;',
    tests: WEBHOOK_TESTS,
  },
  {
    file: RECONNECTS,
    what: 'an index that lags alerts of a connection twice',
    from: "({ status, dueAt }) => status === 'reconnect' && dueAt <= now()",
    to: "({ status }) => status === 'reconnect'",
    tests: RECONNECT_TESTS,
  },
  {
    file: RECONNECTS,
    what: 'what does not fit into one message waits for the next health check',
    from: 'return areRecoveredTold && page.next === undefined;',
    to: 'return areRecoveredTold;',
    tests: RECONNECT_TESTS,
  },
  {
    file: ALERTS,
    what: 'an index that lags repeats the alert of an expired token',
    from: 'isExpired(item, before) && isAlertDueAt(item, now())',
    to: 'isExpired(item, before)',
    tests: [`${TOKENS}/sweep/alerts.test.ts`],
  },
  {
    file: SECRETS,
    what: 'a truncated response passes for a publication',
    from: "if (VersionId !== versionId) throw new Error('Secrets Manager responded without the version');",
    to: '',
    tests: SECRETS_TESTS,
  },
  {
    file: SECRETS,
    what: 'publications keep to no write rate',
    from: '    await turn();\n',
    to: '',
    tests: SECRETS_TESTS,
  },
  {
    file: 'lambdas/aws/sns-alerts.ts',
    what: 'a truncated response passes for a sent alert',
    from: "if (!MessageId) throw new Error('SNS responded without the id of the message');",
    to: 'void MessageId;',
    tests: SNS_TESTS,
  },
  {
    file: 'lambdas/aws/topic-subscribers.ts',
    what: 'a truncated response passes for the number of subscribers',
    from: '!Number.isInteger(confirmed) || !Number.isInteger(pending)',
    to: '!Number.isInteger(confirmed) && !Number.isInteger(pending)',
    tests: SNS_TESTS,
  },
  {
    file: ALERTS,
    what: 'the daily reminder comes a second late',
    from: 'now - alertedAt >= REMINDER_SECONDS',
    to: 'now - alertedAt > REMINDER_SECONDS',
    tests: [`${TOKENS}/sweep/alerts.test.ts`],
  },
  {
    file: 'lambdas/tokens/publication/read-members.ts',
    what: 'a late member has no reserve of versions',
    from: 'if (expiresBy(item, nextSlot(bundle, now()) + SWEEP_SECONDS)) read.isLate = true;',
    to: '',
    tests: [`${TOKENS}/publication/bundles.test.ts`],
  },
  {
    file: 'lambdas/tokens/publication/publish-bundle.ts',
    what: 'a write of a bundle of which no outcome is known is forgotten',
    from: 'return free && content !== undefined ? withUnrecorded(free, content) : free;',
    to: 'return free;',
    tests: [`${TOKENS}/publication/unrecorded.test.ts`],
  },
  {
    file: 'lambdas/tokens/publication/bundle.ts',
    what: 'a publisher of a bundle that was killed is taken for one that wrote nothing',
    from: 'return { ...bundle, sequence, unrecorded: UNKNOWN, lease };',
    to: 'return { ...bundle, lease };',
    tests: [`${TOKENS}/publication/unrecorded.test.ts`],
  },
  {
    file: 'lambdas/tokens/rotation/publish-stored.ts',
    what: 'a stored token waits for Zoom before it is published',
    from: 'const isNew = item.publishedVersion < item.version && item.expiresAt > now();',
    to: 'const isNew = false;',
    tests: [`${TOKENS}/rotation/publish-stored.test.ts`],
  },
  {
    file: 'lambdas/tokens/publication/read-members.ts',
    what: 'a late member has no share of the reserve for disconnections',
    from: 'if (expiresBy(item, now() + LAST_ATTEMPT_SECONDS)) read.isExpiring = true;',
    to: '',
    tests: [`${TOKENS}/publication/bundles.test.ts`],
  },
  {
    file: 'lambdas/aws/table/disconnections.ts',
    what: 'a disconnection gives back its lease before the tokens are erased',
    from: "attributes(['askedAt', 'measureAt'",
    to: "attributes(['leaseOwner', 'leaseUntil', 'dueAt', 'askedAt', 'measureAt'",
    tests: [`${TOKENS}/disconnect/last-write.test.ts`],
  },
  {
    file: 'lambdas/http-client.ts',
    what: 'a response that breaks off leaves the request hanging',
    from: "started.on('error', reject);",
    to: '',
    tests: ['test/lambdas/http-client.test.ts', 'test/lambdas/http-client-hostile.test.ts'],
  },
];
