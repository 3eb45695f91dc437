import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Report } from '../benchmark.ts';
import {
  bundlesFolder,
  deployedBundle,
  nativeClient,
  ordinaryBundle,
  replacing,
} from '../functions/bundles.ts';
import { startFunction } from '../functions/function-process.ts';
import { markdownTable } from '../report/markdown.ts';
import { median } from '../report/statistics.ts';
import { type Services, startServices } from './services.ts';

const RUNS = 20;
const QUICK_RUNS = 3;

/** A bundle to measure, and the event of its first invocation. */
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
  async run(progress, quick): Promise<Report> {
    const runs = quick ? QUICK_RUNS : RUNS;
    const folder = bundlesFolder();
    const services = await startServices();
    try {
      const client = await nativeClient(folder);
      const all = await candidates(services, folder);
      const starts = new Map<string, Start[]>(all.map(({ label }) => [label, []]));
      // In turn, so that a busy moment of the machine does not affect one candidate alone.
      for (let run = 0; run <= runs; run += 1) {
        progress(run === 0 ? 'a first run, which fills the file cache' : `run ${run} of ${runs}`);
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
  'Secrets Manager client, bundled with defaults',
  'Rivet with a store in Secrets Manager',
] as const;

async function candidates(services: Services, folder: string): Promise<Candidate[]> {
  const peer = (name: string) => join(import.meta.dirname, `${name}.ts`);
  const rotate = deployedBundle('rotate', folder);
  return [
    { label: FLOOR, folder: await ordinaryBundle(peer('empty'), folder), event: async () => ({}) },
    {
      label: ORDINARY,
      folder: await ordinaryBundle(peer('secrets-manager'), folder),
      event: async () => ({ secret: 'zoom-token-refresher/link-key' }),
    },
    {
      label: RIVET,
      // Rivet's URL of Zoom is a constant.
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
      label: 'rotate, nothing due, with a health check',
      folder: rotate,
      async event() {
        await services.makeHealthCheckDue();
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
    const invoked = await process.invoke(payload);
    if (!isSuccess(invoked.result)) throw new Error(`${label}: ${JSON.stringify(invoked.result)}`);
    return { load: loaded.at, total: invoked.at, cpu: invoked.cpu };
  } finally {
    await process.stop();
  }
}

/** Returns whether the result is a success of the function, each of which reports failures in its own way. */
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

function report(starts: Map<string, Start[]>): Report {
  const medians = [...starts].map(([label, all]): [string, Start] => [
    label,
    {
      load: median(all.map(({ load }) => load)),
      total: median(all.map(({ total }) => total)),
      cpu: median(all.map(({ cpu }) => cpu)),
    },
  ]);
  const of = (wanted: string) => medians.find(([label]) => label === wanted)?.[1] as Start;
  const [floor, ordinary, rivet] = [of(FLOOR), of(ORDINARY), of(RIVET)];
  const ours = medians.filter(([, start]) => ![floor, ordinary, rivet].includes(start));
  /** Returns the ratio of the measurements, and the ratio of what each adds to the floor. */
  const relative = (start: Start, peer: Start, what: keyof Start): [number, number] => [
    start[what] / peer[what],
    (start[what] - floor[what]) / (peer[what] - floor[what]),
  ];
  return {
    sections: {
      'cold-start': markdownTable(
        ['milliseconds', 'load', 'load + first', 'less the floor', 'load + first, less it', 'CPU'],
        medians.map(([label, { load, total, cpu }]) => [
          label,
          load,
          total,
          load - floor.load,
          total - floor.total,
          cpu,
        ]),
      ),
      'cold-start-ratios': markdownTable(
        ['ratio', 'load', 'less the floor', 'load + first', 'less the floor', 'CPU', 'less the floor'],
        ours.flatMap(([label, start]) =>
          [
            { name: 'SM client', peer: ordinary },
            { name: 'Rivet', peer: rivet },
          ].map(({ name, peer }) => [
            `${label} / ${name}`,
            ...(['load', 'total', 'cpu'] as const).flatMap((what) => relative(start, peer, what)),
          ]),
        ),
      ),
    },
    ratios: Object.fromEntries(
      ours.flatMap(([label, start]) => [
        [`${label}: load, relative to the ordinary client`, start.load / ordinary.load],
        [
          `${label}: load and first invocation, relative to the ordinary client`,
          start.total / ordinary.total,
        ],
        [`${label}: load and first invocation, relative to Rivet`, start.total / rivet.total],
      ]),
    ),
    data: Object.fromEntries(starts),
  };
}
