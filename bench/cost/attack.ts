import { THROTTLES } from '../../lib/functions/throttles.ts';
import type { Bill } from './bill.ts';
import { PRICES } from './prices.ts';

/** Execution environments of the callback function: all that a new account may run at once. */
const ENVIRONMENTS = 10;
const SECONDS = 30 * 24 * 3600;
const MEMORY_GIGABYTES = 0.5;

/**
 * A forged webhook reads an app's secret once in so many seconds for each environment, and so does a forged link or cookie the
 * link key; see lambdas/aws/app-credentials.ts and lambdas/tokens/sealing/keyring.ts.
 */
const READ_SECONDS = 10;

/** The page of a link and everything else hold the link key apart. */
const LINK_KEY_READS = 2;

/** Limits, not measurements: a line of the access log, the function's lines of one request, and a response. */
const ACCESS_LOG_BYTES = 500;
const FUNCTION_LOG_BYTES = 1500;
const RESPONSE_BYTES = 10_000;

/**
 * Returns what a stranger can add to the bill of a month, who sends as much as the throttles admit. Every line is a limit: the
 * duration is that of environments which are never idle, as slow requests would keep them.
 * @param apps number of Zoom apps
 */
export function attackBill(apps: number): Bill {
  const rate = Object.values(THROTTLES).reduce((total, throttle) => total + throttle.rate, 0);
  const requests = rate * SECONDS;
  const each = `${rate} a second × ${n(SECONDS)} s`;
  const gigabytes = (bytes: number) => (requests * bytes) / 1e9;
  return {
    name: 'a month at full throttle',
    lines: [
      { what: 'HTTP API', arithmetic: each, quantity: requests, price: PRICES.httpApiRequest },
      { what: 'Lambda, requests', arithmetic: each, quantity: requests, price: PRICES.lambdaRequest },
      {
        what: 'Lambda, GB-seconds',
        arithmetic: `${ENVIRONMENTS} environments × ${n(SECONDS)} s × ${MEMORY_GIGABYTES} GB`,
        quantity: ENVIRONMENTS * SECONDS * MEMORY_GIGABYTES,
        price: PRICES.lambdaGigabyteSecond,
      },
      {
        what: 'Reading secrets',
        arithmetic: `${ENVIRONMENTS} environments × (${n(apps)} apps + link key × ${LINK_KEY_READS}), once in ${READ_SECONDS} s`,
        quantity: (ENVIRONMENTS * (apps + LINK_KEY_READS) * SECONDS) / READ_SECONDS,
        price: PRICES.secretsCall,
      },
      {
        what: 'Logs, GB',
        arithmetic: `${n(requests)} requests × ${ACCESS_LOG_BYTES + FUNCTION_LOG_BYTES} bytes`,
        quantity: gigabytes(ACCESS_LOG_BYTES + FUNCTION_LOG_BYTES),
        price: PRICES.logGigabyte,
      },
      {
        what: 'Responses, GB',
        arithmetic: `${n(requests)} requests × ${n(RESPONSE_BYTES)} bytes`,
        quantity: gigabytes(RESPONSE_BYTES),
        price: PRICES.transferGigabyte,
      },
    ],
  };
}

const n = (value: number) => value.toLocaleString('en-US');
