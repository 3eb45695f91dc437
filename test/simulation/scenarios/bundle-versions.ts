import { nextSlot, SLOT_SECONDS } from '../../../lambdas/tokens/publication/slots.ts';
import {
  type Purpose,
  type Versions,
  withVersion,
} from '../../../lambdas/tokens/publication/version-budget.ts';
import { randomFrom } from '../faults.ts';
import { DAY, MINUTE, round, type Scenario } from './scenario.ts';

/**
 * Consents and disconnections of a day, in one bundle. `late`: the share of the slots after which a member, for which Zoom
 * failed at first, needs a write of its own before its token ends.
 */
const DAYS = [
  { consents: 10, disconnections: 2, late: 0.1 },
  { consents: 40, disconnections: 10, late: 0.1 },
  { consents: 80, disconnections: 10, late: 0.1 },
  { consents: 300, disconnections: 30, late: 0.1 },
  { consents: 10, disconnections: 100, late: 0.1 },
  { consents: 80, disconnections: 10, late: 0.4 },
  { consents: 300, disconnections: 30, late: 0.4 },
];
const BUNDLE = 'sales';
const MOST_VERSIONS = 100;
/** So many of the late members may wait with a dead token. */
const MOST_DEAD = 0.01;

/** A bundle whose secret takes 100 versions in 24 hours, with ever more consents and disconnections. */
export const bundleVersions: Scenario = {
  name: 'bundle-versions',
  must: 'every slot has its write, and all but one in a hundred late members before their token expires, no more than 100 versions in 24 h, and no consent waits for longer than a slot',
  async run(isShort) {
    // In a few days one late member is more than a hundredth.
    const played = DAYS.filter(({ late }) => !isShort || late < 0.4);
    return played.map((day) => ({ ...day, ...simulate(day, isShort ? 4 : 60) }));
  },
};

function simulate(rates: (typeof DAYS)[number], days: number) {
  const random = randomFrom(rates.consents * 1000 + rates.disconnections);
  const start = nextSlot(BUNDLE, Date.UTC(2030, 0, 1) / 1000);
  const written: number[] = [];
  const count = {
    slots: 0,
    refusedSlots: 0,
    late: 0,
    refusedLate: 0,
    dead: 0,
    consents: 0,
    atOnce: 0,
    removals: 0,
    waiting: 0,
  };
  let versions: Versions = {};
  let longest = 0;
  let lateAt = -1;
  /** When the token of a late member that waits is about to expire, minutes. */
  let expiresAt = -1;
  const write = (now: number, purpose: Purpose = {}): boolean => {
    const next = withVersion(BUNDLE, versions, now, purpose);
    if (next) written.push(now);
    versions = next ?? versions;
    return next !== undefined;
  };
  for (let minute = 0; minute < days * 24 * 60; minute += 1) {
    const now = start + minute * MINUTE;
    if (minute % (SLOT_SECONDS / MINUTE) === 0) {
      count.slots += 1;
      if (!write(now)) count.refusedSlots += 1;
      expiresAt = -1;
      lateAt = random() < rates.late ? minute + 1 + Math.floor(random() * (SLOT_SECONDS / MINUTE - 1)) : -1;
    } else if (minute === lateAt) {
      count.late += 1;
      if (!write(now, { isLate: true })) {
        count.refusedLate += 1;
        const left = (nextSlot(BUNDLE, now) - now) / MINUTE;
        expiresAt = minute + 1 + Math.floor(random() * left);
      }
    } else if (minute === expiresAt && !write(now, { isLate: true, isExpiring: true })) count.dead += 1;
    // Most people work for eight hours a day.
    const share = minute % (24 * 60) < 8 * 60 ? 3 / (24 * 60) : 0;
    if (random() < rates.consents * share) {
      count.consents += 1;
      if (write(now)) count.atOnce += 1;
      else longest = Math.max(longest, nextSlot(BUNDLE, now) - now);
    }
    if (random() < rates.disconnections * share) {
      count.removals += 1;
      if (!write(now, { isRemoval: true })) count.waiting += 1;
    }
  }
  const most = written.reduce((so, at, index) => {
    const first = written.findIndex((each) => each > at - DAY);
    return Math.max(so, index - first + 1);
  }, 0);
  return {
    'slots refused': count.refusedSlots,
    'late members': count.late,
    'late members that wait': count.refusedLate,
    'late members dead': count.dead,
    'versions in 24 h at most': most,
    'consents at once, %': round((100 * count.atOnce) / count.consents),
    'longest wait, min': longest / MINUTE,
    'disconnections that wait, %': round((100 * count.waiting) / count.removals),
    holds:
      count.refusedSlots === 0 &&
      count.dead <= MOST_DEAD * count.late &&
      most <= MOST_VERSIONS &&
      longest <= SLOT_SECONDS,
  };
}
