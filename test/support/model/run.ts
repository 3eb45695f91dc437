import { finishConsent } from '../../../lambdas/tokens/consent/finish-consent.ts';
import { sealPendingConsent } from '../../../lambdas/tokens/consent/pending-consent.ts';
import type { SweepDependencies } from '../../../lambdas/tokens/dependencies.ts';
import { disconnect } from '../../../lambdas/tokens/disconnect/disconnect.ts';
import type { WebhookDelivery } from '../../../lambdas/tokens/disconnect/webhook-signature.ts';
import { receiveWebhook } from '../../../lambdas/tokens/disconnect/zoom-webhook.ts';
import { readKeyStatus } from '../../../lambdas/tokens/key-rotation/key-status.ts';
import { createResealer, SETTLE_SECONDS } from '../../../lambdas/tokens/key-rotation/reseal.ts';
import { rotateKeys } from '../../../lambdas/tokens/key-rotation/rotate-keys.ts';
import { moveConnection } from '../../../lambdas/tokens/operate/move-connection.ts';
import { rotateNow } from '../../../lambdas/tokens/operate/rotate-now.ts';
import { placeOf } from '../../../lambdas/tokens/publication/place.ts';
import { sweep } from '../../../lambdas/tokens/sweep/sweep.ts';
import { FUNCTION_SECONDS, World } from '../world/world.ts';
import { deauthorization, signedHeaders } from '../zoom-event.ts';
import { ELSEWHERE } from './elsewhere.ts';
import { Environment, type Invocation, requestItem } from './function.ts';
import type { Event, Move, Plan } from './plan.ts';
import { Witness } from './witness.ts';

const HOUR = 3600;
const BUNDLE = 'team';

/** Plays the plan, and lets the world recover. Throws as soon as the witness finds a broken promise. */
export async function play(
  { skews, overlap, isBundled, left, areKeysRotated, events, endsKilled }: Plan,
  world = new World(),
): Promise<void> {
  world.store.request = requestItem;
  const running = () => environments.flatMap(({ invocation }) => invocation ?? []);
  const witness = new Witness(world, running);
  const environments = skews.map((skew) => new Environment(world, skew, witness));
  world.zoom.overlap = overlap;
  if (isBundled) await world.connectTo(BUNDLE, 'neighbour');
  if (events.some(({ does }) => does === 'consent elsewhere')) await witness.elsewhere.connectOther();
  const consentedAt = world.time;
  await consentAndNote(world, witness, isBundled);
  await world.runStarted(noting(world, witness));
  await world.link('main');
  if (areKeysRotated) await rotateKeysAndSettle(world);
  world.pass(Math.max(0, consentedAt + HOUR - left - world.time));

  for (const event of events) {
    await happen(event, world, witness, environments);
    for (const each of environments) if (isOver(each.invocation, world.time)) each.kill();
    await witness.check();
  }

  recover(world);
  for (const each of environments) {
    // A call that waits moves the clock of all environments.
    while (each.invocation) endsKilled ? each.kill() : await each.next('succeeds');
  }
  await sweeps(world, witness);
  if ((await world.store.get('main'))?.status === 'disconnected') {
    // Repeating the disconnection finishes it.
    const operator = { ...noting(world, witness), starter: undefined };
    await disconnect('main', operator, { deadline: world.deadline, force: false });
    await sweeps(world, witness);
    await completeKeyRotation(world);
    return witness.checkDisconnected();
  }
  await witness.checkRecovered({ wasDue: false });
  await completeKeyRotation(world);
  // A refresh token that has died is noticed when it is needed next, which is in the last sweeps.
  const item = await world.store.get('main');
  if (item?.status === 'active') world.pass(Math.max(0, item.dueAt - world.time));
  await sweeps(world, witness);
  await witness.checkRecovered({ wasDue: true });
}

const MOVES: Record<Move, Parameters<typeof moveConnection>[0]> = {
  'move in': { connection: 'main', place: placeOf(BUNDLE), keepSeconds: 0 },
  'move out': { connection: 'main', place: 'own' },
  'finish move': { connection: 'main', finish: true },
};

const isOver = (invocation: Invocation | undefined, time: number) =>
  invocation !== undefined && !invocation.isOverdueAllowed && invocation.isOverdue(time);

/** The last backup of each world's table. */
const backUps = new WeakMap<World, (() => void)[]>();

async function happen(event: Event, world: World, witness: Witness, environments: Environment[]) {
  const { zoom } = world;
  if (event.does === 'pass') world.pass(event.seconds);
  if (event.does === 'zoom down') zoom.isDown = true;
  if (event.does === 'zoom up') zoom.isDown = false;
  if (event.does === 'n8n down') world.n8n.isDown = true;
  if (event.does === 'n8n up') world.n8n.isDown = false;
  if (event.does === 'deauthorize') witness.deauthorize();
  if (event.does === 'secret changed at Zoom') zoom.clientSecret = `client-secret-${world.time}`;
  if (event.does === 'app secret edited') world.hasOtherApp = false;
  if (event.does === 'app secret edited') world.appSecret = zoom.clientSecret;
  if (event.does === 'other app written') world.hasOtherApp = true;
  if (event.does === 'published edited') witness.editByHand();
  if (event.does === 'zoom limits') zoom.tokenRefusal = tooManyRequests;
  if (event.does === 'zoom limits no more') zoom.tokenRefusal = undefined;
  if (event.does === 'responses are lost') zoom.areResponsesLost = true;
  if (event.does === 'responses arrive') zoom.areResponsesLost = false;
  if (event.does === 'index lags') world.store.isLagging = true;
  if (event.does === 'index lags no more') world.store.isLagging = false;
  if (event.does === 'table backed up') backUps.set(world, [world.store.backUp(), witness.backUp()]);
  if (event.does === 'table restored' && backUps.has(world)) {
    // The functions are pointed at the restored table, in new environments.
    for (const each of environments) each.kill();
    for (const restore of backUps.get(world) ?? []) restore();
  }
  if (!('at' in event)) return;
  const environment = environments[event.at];
  if (!environment) return;
  if (event.does === 'call') {
    for (let i = 1; i <= event.calls; i += 1) {
      await environment.next(i === event.calls ? event.ending : 'succeeds');
      if (isOver(environment.invocation, world.time)) return;
    }
  } else if (!environment.invocation) {
    const isConsenting = environments.some(({ invocation }) => invocation?.isConsent);
    const isConsent = event.does === 'consent' || event.does === 'consent elsewhere';
    // Two consents of one user at once are left out: the one that Zoom responds to last may be stored first.
    if (isConsent && isConsenting) return;
    const requested = event.does === 'consent' ? 'main' : ELSEWHERE;
    const consent = isConsent ? await browserOf(world, requested) : undefined;
    const delivery = event.does === 'webhook' ? deliveryOf(world, witness) : undefined;
    if (event.does === 'webhook' && !delivery) return;
    if (event.does === 'rotate the keys' && !mayRotateKeys(world, environments)) return;
    await environment.start(
      event.does,
      (deps, deadline) => {
        if (delivery) return receiveWebhook(delivery, deps, { deadline });
        if (consent) return finishConsent(consent, deps, { deadline });
        // The operator function starts no other one.
        const operator = { ...deps, starter: undefined };
        if (event.does === 'disconnect') return disconnect('main', operator, { deadline, force: false });
        if (event.does in MOVES) return moveConnection(MOVES[event.does as Move], operator, { deadline });
        if (event.does === 'sweep') return sweep(deps, { deadline });
        if (event.does === 'seal again') return createResealer(deps)();
        if (event.does === 'rotate the keys') return rotateKeys(operator, ONE_MINUTE);
        return rotateNow('main', operator, { deadline });
      },
      event.isOverdueAllowed,
    );
  }
}

const ONE_MINUTE = { sweepRateMinutes: 1 };

/**
 * Returns whether the keys may be rotated without a loss that is nobody's promise: of a backup that is older than the previous
 * key, and of a function that goes on for hours after its timeout, which no Lambda function does.
 */
const mayRotateKeys = (world: World, environments: Environment[]): boolean =>
  !backUps.has(world) && !environments.some(({ invocation }) => invocation?.isOverdueAllowed);

/** Rotates the keys, and waits until no function uses the earlier ones. The next look seals again what is stored. */
async function rotateKeysAndSettle(world: World): Promise<void> {
  await rotateKeys(world.operator(), ONE_MINUTE);
  world.pass(SETTLE_SECONDS);
}

/** Completes a rotation of the keys that is under way, and expects that the previous key is not needed any more. */
async function completeKeyRotation(world: World): Promise<void> {
  if (world.vault.seeds.length === 1) return;
  const reseal = createResealer(world.dependencies());
  // The first look, and the end of the time in which a function may still seal with the previous key.
  for (const seconds of [SETTLE_SECONDS, SETTLE_SECONDS, 60, 60, 60, 60, 60, 60]) {
    await reseal();
    world.pass(seconds);
  }
  const { status } = await readKeyStatus(world.dependencies(), ONE_MINUTE);
  if (status.isPreviousNeeded || status.sealed.previous + status.sealed.other > 0)
    throw new Error(`keys: what is stored is not sealed with the current key: ${JSON.stringify(status)}`);
}

/**
 * Consents at Zoom as the user of `main`. Returns what the browser then sends to the callback.
 * @param requested the connection of the link
 */
async function browserOf(world: World, requested: string) {
  const verifier = { state: 'state', codeVerifier: 'v'.repeat(43) };
  const pending = { link: await world.usedLink(requested), ...verifier };
  const deps = world.dependencies();
  const cookie = await sealPendingConsent(pending, deps.now() + deps.consentSeconds, deps);
  return {
    parameters: new URLSearchParams({ code: world.zoom.consent('main'), state: pending.state }),
    cookie,
  };
}

/** Returns Zoom's event of the last deauthorization, delivered now; Zoom may deliver it late and more than once. */
function deliveryOf({ zoom, time }: World, { deauthorizedAt }: Witness): WebhookDelivery | undefined {
  if (deauthorizedAt === undefined) return undefined;
  const body = deauthorization('main', zoom.clientId, deauthorizedAt);
  const { 'x-zm-signature': signature, 'x-zm-request-timestamp': timestamp } = signedHeaders(
    body,
    Math.floor(time),
  );
  return { app: 'default', body: Buffer.from(body), signature, timestamp };
}

const noting = (world: World, witness: Witness): SweepDependencies =>
  world.dependencies({
    intercept: async (point, perform) => {
      const response = await perform();
      if (point === 'zoom.token') await witness.noteIssued(response as Response, undefined, false);
      return response;
    },
  });

const consentAndNote = (world: World, witness: Witness, isBundled: boolean) =>
  world.connect('main', noting(world, witness), 'main', false, isBundled ? placeOf(BUNDLE) : undefined);

const tooManyRequests = () =>
  Response.json(
    { reason: 'You have reached the maximum per-second rate limit for this API.' },
    { status: 429, headers: { 'retry-after': '60' } },
  );

function recover(world: World): void {
  world.zoom.tokenRefusal = undefined;
  world.zoom.areResponsesLost = false;
  world.store.isLagging = false;
  world.zoom.isDown = false;
  world.n8n.isDown = false;
  world.hasOtherApp = false;
  world.appSecret = world.zoom.clientSecret;
}

/** A misconfigured app is retried after 15 min ± 25 %. A lease expires after four minutes by the clock that is furthest behind. */
const RECOVERY_MINUTES = 20;

async function sweeps(world: World, witness: Witness): Promise<void> {
  const deps = noting(world, witness);
  for (let minute = 0; minute < RECOVERY_MINUTES; minute += 1) {
    world.pass(60);
    await sweep(deps, { deadline: world.time + FUNCTION_SECONDS });
    await witness.check();
  }
}
