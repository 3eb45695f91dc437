import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleContents } from '../../scripts/bundle-contents.ts';
import type { Benchmark, Report } from '../benchmark.ts';
import { startServices } from '../cold-start/services.ts';
import { bundlesFolder, deployedBundle, nativeClient, ordinaryBundle } from '../functions/bundles.ts';
import { startFunction } from '../functions/function-process.ts';
import { markdownTable } from '../report/markdown.ts';
import { median } from '../report/statistics.ts';

const ROOT = join(import.meta.dirname, '../..');
const RUNS = 3;
const EMPTY = 'an empty handler';

/** Sizes in bytes. */
interface FunctionFootprint {
  label: string;
  bundle: number;
  memory: number;
}

export default {
  name: 'footprint',
  async run(progress, quick): Promise<Report> {
    const runs = Array.from({ length: quick ? 1 : RUNS }, (_, run) => run + 1);
    const starts: { seconds: number; memory: number }[] = [];
    const synths: number[] = [];
    for (const run of runs) {
      progress(`npm start and npm run synth, run ${run} of ${runs.length}`);
      starts.push(await startLocally());
      synths.push(synth());
    }
    progress('functions');
    const functions = await functionFootprints(runs.length);
    return report(functions, {
      'npm run synth, seconds': median(synths),
      'npm start, seconds until it is ready': median(starts.map(({ seconds }) => seconds)),
      'npm start, memory then, MB': median(starts.map(({ memory }) => memory)) / 1e6,
    });
  },
} satisfies Benchmark;

/** Starts the local stack; returns the seconds until its `ready` event, and its memory (RSS, bytes) then. */
async function startLocally(): Promise<{ seconds: number; memory: number }> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['local/main.ts', '--json', '--port', '0'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (JSON.parse(line).event !== 'ready') continue;
      const seconds = (performance.now() - begun) / 1000;
      const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' });
      return { seconds, memory: Number(kilobytes) * 1024 };
    }
    throw new Error('npm start exited before it was ready.');
  } finally {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  }
}

/** Returns the seconds of `npm run synth`, including the three bundles. */
function synth(): number {
  const output = mkdtempSync(join(tmpdir(), 'synth-'));
  try {
    return secondsOf(
      process.execPath,
      'node_modules/aws-cdk/bin/cdk',
      'synth',
      '--quiet',
      '--output',
      output,
    );
  } finally {
    rmSync(output, { recursive: true });
  }
}

/** Runs the program and returns its seconds; throws if it fails. */
function secondsOf(program: string, ...args: string[]): number {
  const begun = performance.now();
  execFileSync(program, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  return (performance.now() - begun) / 1000;
}

/** Returns the sizes of the deployed bundles, and the memory of a process after its first invocation. */
async function functionFootprints(runs: number): Promise<FunctionFootprint[]> {
  const folder = bundlesFolder();
  const services = await startServices();
  try {
    const client = await nativeClient(folder);
    const empty = join(import.meta.dirname, '../cold-start/empty.ts');
    const ours = (task: string) => async () => (await bundleContents(task)).atOnce;
    const functions = [
      {
        label: EMPTY,
        folder: await ordinaryBundle(empty, folder),
        size: async (built: string) => statSync(join(built, 'index.js')).size,
        event: async () => ({}),
      },
      {
        label: 'callback',
        size: ours('callback'),
        folder: deployedBundle('callback', folder),
        event: services.connectRequest,
      },
      {
        label: 'rotate',
        size: ours('rotate'),
        folder: deployedBundle('rotate', folder),
        async event() {
          await services.makeDue();
          return {};
        },
      },
      {
        label: 'operator',
        size: ours('operator'),
        folder: deployedBundle('operator', folder),
        event: async () => ({ action: 'status' }),
      },
    ];
    const found: FunctionFootprint[] = [];
    for (const fn of functions) {
      const memories: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const process = await startFunction({ folder: fn.folder, environment: services.environment }, client);
        try {
          memories.push((await process.invoke(await fn.event())).memory);
        } finally {
          await process.stop();
        }
      }
      found.push({ label: fn.label, bundle: await fn.size(fn.folder), memory: median(memories) });
    }
    return found;
  } finally {
    await services.close();
    rmSync(folder, { recursive: true });
  }
}

function report(functions: FunctionFootprint[], tools: Record<string, number>): Report {
  const floor = functions.find(({ label }) => label === EMPTY)?.memory ?? Number.NaN;
  return {
    sections: {
      'footprint-functions': markdownTable(
        ['function', 'bundle kB', 'memory MB', 'relative to an empty handler'],
        functions.map(({ label, bundle, memory }) => [label, bundle / 1000, memory / 1e6, memory / floor]),
      ),
      'footprint-tools': markdownTable(['', 'median'], Object.entries(tools)),
    },
    ratios: Object.fromEntries(
      functions
        .filter(({ label }) => label !== EMPTY)
        .map(({ label, memory }) => [`memory of ${label} relative to an empty handler`, memory / floor]),
    ),
    data: { functions, tools },
  };
}
