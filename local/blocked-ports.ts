/**
 * The ports that browsers and `fetch` refuse to open, from https://fetch.spec.whatwg.org/#port-blocking. Those above
 * 1023 are the ones that a person may well choose.
 */
const BLOCKED_PORTS = new Set([
  ...[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  ],
  ...[
    109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  ],
  ...[526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049],
  ...[3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** The page and Zoom, which a browser opens, are on the first two ports, and `fetch` opens the others. */
const PORTS = 6;

/** Returns the first port of the stack that browsers refuse, when its first one is `port`. */
export const blockedPort = (port: number): number | undefined =>
  Array.from({ length: PORTS }, (_, offset) => port + offset).find((each) => BLOCKED_PORTS.has(each));
