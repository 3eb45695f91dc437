import { afterEach, beforeEach, describe } from '@jest/globals';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { describeAlerts } from './alerts.ts';
import { describeAskedAt } from './asked-at.ts';
import { describeBundles } from './bundles.ts';
import { describeConsent } from './consent.ts';
import { describeDisconnection } from './disconnection.ts';
import { describeKeptConsent } from './kept-consent.ts';
import { describeLease } from './lease.ts';
import { describeLinks } from './links.ts';
import { describeQueries } from './queries.ts';
import { describeRoutineRotation } from './routine.ts';
import { describeSealedItems } from './sealed-items.ts';
import { describeSteps } from './steps.ts';
import { describeUserClaims } from './user-claims.ts';

/** Declares the tests that every `ConnectionStore` must pass. `open` returns an empty one. */
export function describeConnectionStore(
  name: string,
  open: () => Promise<{ store: ConnectionStore; close(): Promise<void> }>,
): void {
  describe(name, () => {
    let store: ConnectionStore;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ store, close } = await open());
    });
    afterEach(() => close());

    describeConsent(() => store);
    describeBundles(() => store);
    describeLease(() => store);
    describeLinks(() => store);
    describeSealedItems(() => store);
    describeSteps(() => store);
    describeRoutineRotation(() => store);
    describeAlerts(() => store);
    describeAskedAt(() => store);
    describeKeptConsent(() => store);
    describeDisconnection(() => store);
    describeUserClaims(() => store);
    describeQueries(() => store);
  });
}
