import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { type Services, startServices } from './cold-start/services.ts';
import { bundlesFolder, deployedBundle, nativeClient, ordinaryBundle, replacing } from './lambda/bundles.ts';
import { startFunction } from './lambda/function-process.ts';
import { markdownTable } from './markdown.ts';
import { median } from './statistics.ts';

const RUNS = Number(process.env.BENCH_RUNS ?? 20);

/** A bundle, and the event of its first invocation. */
interface Candidate {
  label: string;
  folder: string;
  event(): Promise<unknown>;
}

/** Milliseconds of one cold start. */
interface Start {
  load: number;
  total: number;
  cpu: number;
}

export default {
  name: 'cold-start',
  async run(say) {
    const folder = bundlesFolder();
    const services = await startServices();
    try {
      const client = await nativeClient(folder);
      const all = await candidates(services, folder);
      const starts = new Map<string, Start[]>(all.map(({ label }) => [label, []]));
      // One of each in turn, so that a busy moment of the machine does not fall on one of them alone.
      for (let run = 0; run <= RUNS; run += 1) {
        say(run === 0 ? 'once to fill the file cache' : `run ${run} of ${RUNS}`);
        for (const candidate of all) {
          const start = await coldStart(candidate, services, client);
          if (run > 0) starts.get(candidate.label)?.push(start);
        }
      }
      return report(starts);
    } finally {
      await services.close();
      rmSync(folder, { recursive: true });
    }
  },
} satisfies Benchmark;

const [FLOOR, ORDINARY, RIVET] = [
  'an empty handler',
  'Secrets Manager client, bundled the ordinary way',
  'Rivet with a store in Secrets Manager',
] as const;

async function candidates(services: Services, folder: string): Promise<Candidate[]> {
  const peer = (name: string) => join(import.meta.dirname, 'cold-start', `${name}.ts`);
  const rotate = deployedBundle('rotate', folder);
  return [
    { label: FLOOR, folder: await ordinaryBundle(peer('empty'), folder), event: async () => ({}) },
    {
      label: ORDINARY,
      folder: await ordinaryBundle(peer('secrets-manager'), folder),
      event: async () => ({ secret: 'zoom-token-refresher/key' }),
    },
    {
      label: RIVET,
      // Rivet knows no other Zoom than zoom.us.
      folder: await ordinaryBundle(peer('rivet'), folder, [
        replacing(/rivet\/accounts\/accounts\.[cm]js$/, /"https:\/\/zoom.us"/, () => `"${services.zoomUrl}"`),
      ]),
      async event() {
        await services.expireRivetsToken();
        return services.webhook();
      },
    },
    {
      label: 'rotate, one token to rotate',
      folder: rotate,
      async event() {
        await services.makeDue();
        return {};
      },
    },
    {
      label: 'rotate, nothing due',
      folder: rotate,
      async event() {
        await services.makeIdle();
        return {};
      },
    },
    {
      label: 'callback, a link is opened',
      folder: deployedBundle('callback', folder),
      event: services.connectRequest,
    },
    {
      label: 'operator, status',
      folder: deployedBundle('operator', folder),
      event: async () => ({ action: 'status' }),
    },
  ];
}

async function coldStart(
  { folder, event, label }: Candidate,
  services: Services,
  client: string,
): Promise<Start> {
  const payload = await event();
  const process = await startFunction({ folder, environment: services.environment }, client);
  try {
    const loaded = await process.loaded;
    const answered = await process.invoke(payload);
    if (!isSuccess(answered.result)) throw new Error(`${label}: ${JSON.stringify(answered.result)}`);
    return { load: loaded.at, total: answered.at, cpu: answered.cpu };
  } finally {
    await process.stop();
  }
}

/** Each kind of answer has a way of its own to say that it failed. */
function isSuccess(result: unknown): boolean {
  const {
    statusCode = 200,
    ok = true,
    failed = {},
  } = result as {
    statusCode?: number;
    ok?: boolean;
    failed?: Record<string, number>;
  };
  return statusCode < 400 && ok && Object.values(failed).every((count) => count === 0);
}

function report(starts: Map<string, Start[]>) {
  const medians = new Map(
    [...starts].map(([label, all]) => [
      label,
      {
        load: median(all.map(({ load }) => load)),
        total: median(all.map(({ total }) => total)),
        cpu: median(all.map(({ cpu }) => cpu)),
      },
    ]),
  );
  const of = (label: string) => medians.get(label) as Start;
  const floor = of(FLOOR);
  const less = (start: Start, of: keyof Start) => start[of] - floor[of];
  const ours = [...medians.keys()].filter((label) => ![FLOOR, ORDINARY, RIVET].includes(label));
  const rows = [...medians].map(([label, start]) => [
    label,
    start.load,
    start.total,
    start.cpu,
    less(start, 'load'),
    less(start, 'total'),
    ours.includes(label) ? start.total / of(ORDINARY).total : '',
    ours.includes(label) ? less(start, 'total') / less(of(ORDINARY), 'total') : '',
    ours.includes(label) ? start.total / of(RIVET).total : '',
    ours.includes(label) ? less(start, 'total') / less(of(RIVET), 'total') : '',
  ]);
  return {
    sections: {
      'cold-start': markdownTable(
        [
          '',
          'load',
          'load + first',
          'CPU',
          'load − floor',
          'both − floor',
          '/ SM',
          '(− floor)',
          '/ Rivet',
          '(− floor)',
        ],
        rows,
      ),
    },
    ratios: {},
    data: Object.fromEntries(starts),
  };
}
