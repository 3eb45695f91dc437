/**
 * `npm run bench [-- name…]` measures this project and its alternatives in the same run. `--help` lists the options.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Benchmark, Report } from './benchmark.ts';
import { type Ratios, regressionsOf } from './report/baseline.ts';
import { withSection } from './report/markdown.ts';

const BASELINE = join(import.meta.dirname, 'baseline.json');
const DOCS = join(import.meta.dirname, '..', 'docs');

const USAGE = `Usage: npm run bench -- [name…] [--json <file>] [--check] [--update] [--quick]
       npm run bench -- sweep --only <row>

Measures this project and its alternatives in the same run: all benchmarks, or those that are named.

  --json <file>  write all measurements
  --check        compare the ratios with bench/baseline.json, and exit with 1 where one has grown
  --update       write the ratios there, and the tables and plots of docs/performance.md
  --quick        only show that the benchmarks work
  --only <row>   of sweep: print the rows of bundles whose label has this text, such as "1769 MB, 36 at a time";
                 a row takes about two minutes. Nothing is written or compared
`;

const { values: options, positionals: names } = parsed();
if (options.help) {
  process.stdout.write(USAGE);
  process.exit();
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'string' },
        check: { type: 'boolean', default: false },
        update: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

if (options.only !== undefined) {
  for (const benchmark of await chosen(names)) await printOnly(benchmark, options.only);
  process.exit();
}

const reports: Record<string, Report> = {};
for (const benchmark of await chosen(names)) {
  const progress = (step: string) => process.stderr.write(`${benchmark.name}: ${step}\n`);
  const report = await benchmark.run(progress, options.quick);
  reports[benchmark.name] = report;
  for (const [section, content] of Object.entries(report.sections)) {
    process.stdout.write(`\n<!-- bench:${section} -->\n\n${content.trim()}\n`);
  }
}

if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(reports, undefined, 2)}\n`);
if (options.check) {
  const regressions = regressionsOf(ratiosOf(reports), baseline());
  process.stdout.write(
    regressions.length === 0 ? '\nNo ratio has grown.\n' : `\n${regressions.join('\n')}\n`,
  );
  if (regressions.length > 0) process.exitCode = 1;
}
if (options.update) {
  writeFileSync(BASELINE, `${JSON.stringify({ ...baseline(), ...ratiosOf(reports) }, undefined, 2)}\n`);
  updateDocs(Object.values(reports));
}

async function printOnly({ name, runOnly }: Benchmark, text: string): Promise<void> {
  if (!runOnly) {
    process.stderr.write(`"${name}" has no single rows. Run: npm run bench -- sweep --only <row>\n`);
    process.exit(2);
  }
  try {
    const table = await runOnly(text, (step) => process.stderr.write(`${name}: ${step}\n`));
    process.stdout.write(`\n${table}`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

async function chosen(names: string[]): Promise<Benchmark[]> {
  const files = globSync('*/*.bench.ts', { cwd: import.meta.dirname }).toSorted();
  const all = await Promise.all(
    files.map(async (file): Promise<Benchmark> => (await import(`./${file}`)).default),
  );
  const unknown = names.find((name) => !all.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined) {
    process.stderr.write(
      `Unknown benchmark "${unknown}". Choose from ${all.map(({ name }) => name).join(', ')}.\n`,
    );
    process.exit(2);
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

function baseline(): Record<string, Ratios> {
  return JSON.parse(readFileSync(BASELINE, 'utf8'));
}

function ratiosOf(reports: Record<string, Report>): Record<string, Ratios> {
  return Object.fromEntries(
    Object.entries(reports).map(([name, { ratios }]) => [
      name,
      Object.fromEntries(Object.entries(ratios).map(([of, ratio]) => [of, Number(ratio.toPrecision(3))])),
    ]),
  );
}

function updateDocs(reports: Report[]): void {
  const page = join(DOCS, 'performance.md');
  const sections = reports.flatMap((report) => Object.entries(report.sections));
  writeFileSync(
    page,
    sections.reduce((text, [name, content]) => withSection(text, name, content), readFileSync(page, 'utf8')),
  );
  for (const [file, svg] of reports.flatMap(({ plots }) => Object.entries(plots ?? {}))) {
    writeFileSync(join(DOCS, file), svg);
  }
}
