import { rmSync } from 'node:fs';
import type { Benchmark, Report } from '../benchmark.ts';
import { bundlesFolder } from '../functions/bundles.ts';
import { markdownTable } from '../report/markdown.ts';
import { type CommandRun, startInstallation } from './installation.ts';

const FLEETS = [1000, 100_000];
const QUICK_FLEETS = [1000];

/** Commands that a person runs, as arguments of the command line. */
const COMMANDS = [
  ['status'],
  ['status', '--sort', 'name'],
  ['doctor'],
  ['status', '--json', '--limit', '10000'],
];

interface FleetRun extends CommandRun {
  connections: number;
  command: string;
}

/** How long the command line takes with a large fleet, and how much memory it and the operator function need. */
export default {
  name: 'fleet',
  async run(progress, quick): Promise<Report> {
    const folder = bundlesFolder();
    const runs: FleetRun[] = [];
    try {
      for (const connections of quick ? QUICK_FLEETS : FLEETS) {
        progress(`${connections} connections: fill the table`);
        const installation = await startInstallation(connections, folder);
        try {
          for (const args of COMMANDS) {
            progress(`${connections} connections: ${args.join(' ')}`);
            runs.push({ connections, command: args.join(' '), ...(await installation.run(args)) });
          }
        } finally {
          await installation.close();
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    return report(runs);
  },
} satisfies Benchmark;

function report(runs: FleetRun[]): Report {
  const table = markdownTable(
    [
      'connections',
      'command',
      'seconds',
      'command line, MB',
      'function, MB',
      'invocations',
      'largest response, kB',
    ],
    runs.map(({ connections, command, seconds, memory, functionMemory, invocations, largest }) => [
      connections.toLocaleString('en-US'),
      `\`${command}\``,
      seconds,
      memory / 1e6,
      functionMemory / 1e6,
      invocations,
      largest / 1e3,
    ]),
  );
  const largest = runs.at(-1)?.connections;
  const memoryOf = (command: string, connections: number | undefined) =>
    runs.find((run) => run.command === command && run.connections === connections)?.memory ?? Number.NaN;
  return {
    sections: { fleet: table },
    ratios: {
      'memory of status --json --limit 10000, the largest fleet relative to the smallest':
        memoryOf('status --json --limit 10000', largest) /
        memoryOf('status --json --limit 10000', runs[0]?.connections),
    },
    data: runs,
  };
}
