/**
 * Mutation testing: applies one small change after the other to a copy of the project, and runs the tests that must
 * notice it. `npm run test:mutation -- [--sample <n> --seed <n>] [--only <text>] [--workers <n>] [--json]`.
 * Exits with 1 where the score is below 95 % or a mutant does not fit its file any more, and with 2 where the tests fail
 * without a mutant.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutate } from './mutant.ts';
import { mutants } from './mutants.ts';
import { sampleMutants } from './sample-mutants.ts';

const ROOT = join(import.meta.dirname, '..');
/** Percent of the mutants that apply. */
const GOAL = 95;
/** A mutant whose narrowest tests hang is killed after this time; milliseconds. */
const NARROW_TIMEOUT_MS = 2 * 60 * 1000;
/** The wider tests may take so many times as long as all tests without a mutant, because the machine has other work. */
const SLOWEST = 3;
/** One test of a mutant may take this long; milliseconds. */
const TEST_TIMEOUT_MS = 10 * 1000;

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    workers: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const { sample, seed, only, workers, json } = values;
const print = (line: string) => void (json || process.stdout.write(`${line}\n`));

interface Verdict extends Pick<Mutant, 'file' | 'what'> {
  verdict: 'killed' | 'survived' | 'not applicable';
}

/** Copies what Git knows and what is new, without ignored files; the packages are linked. */
function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'zoom-token-refresher-mutation-'));
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files) cpSync(join(ROOT, file), join(copy, file), { force: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Leader of the process group in which the tests run, if any. */
let running: number | undefined;

/** Kills the tests with the workers and servers that they started; a loop of a mutant would go on in them. */
function killTests(): void {
  if (running === undefined) return;
  try {
    process.kill(-running, 'SIGKILL');
  } catch {
    // The group has ended.
  }
  running = undefined;
}

/**
 * Returns whether the tests pass in the copy. A run that hangs does not.
 * @param timeout milliseconds; that of a test is shortened with it
 */
function pass(copy: string, tests: string[], timeout?: number): Promise<boolean> {
  const jest = join('node_modules', 'jest', 'bin', 'jest.js');
  const options = ['--silent', '--bail', `--maxWorkers=${workers}`];
  if (timeout !== undefined) options.push(`--testTimeout=${TEST_TIMEOUT_MS}`);
  return new Promise((resolve, reject) => {
    const run = spawn(
      process.execPath,
      ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...options, ...tests],
      { cwd: copy, stdio: 'ignore', detached: true },
    );
    running = run.pid;
    const timer = timeout === undefined ? undefined : setTimeout(killTests, timeout);
    run.on('error', reject);
    run.on('exit', (status) => {
      clearTimeout(timer);
      killTests();
      resolve(status === 0);
    });
  });
}

/**
 * Returns whether all tests pass with the mutant that is in the copy, the narrowest first.
 * @param timeout of the wider tests, milliseconds
 */
async function passAll(copy: string, { tests, wider = [] }: Mutant, timeout: number): Promise<boolean> {
  if (!(await pass(copy, tests, NARROW_TIMEOUT_MS))) return false;
  for (const stage of wider) if (!(await pass(copy, stage, timeout))) return false;
  return true;
}

async function judge(mutant: Mutant, copy: string, timeout: number): Promise<Verdict> {
  const { file, what } = mutant;
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const mutated = mutate(source, mutant);
  if (mutated === undefined) return { file, what, verdict: 'not applicable' };
  writeFileSync(path, mutated);
  try {
    return { file, what, verdict: (await passAll(copy, mutant, timeout)) ? 'survived' : 'killed' };
  } finally {
    writeFileSync(path, source);
  }
}

const all = sample === undefined ? mutants : sampleMutants(ROOT, Number(sample), Number(seed));
const chosen = all.filter(({ file, what }) => only === undefined || `${file}: ${what}`.includes(only));
/** Judges one mutant after the other, and prints each verdict. */
async function judgeAll(copy: string): Promise<Verdict[] | undefined> {
  const tests = [...new Set(chosen.flatMap(({ tests, wider = [] }) => [...tests, ...wider.flat()]))];
  const startedAt = performance.now();
  if (!(await pass(copy, tests))) {
    process.stderr.write(`The tests fail without a mutant. Run them first: npm test -- ${tests.join(' ')}\n`);
    return undefined;
  }
  const timeout = Math.max(NARROW_TIMEOUT_MS, SLOWEST * (performance.now() - startedAt));
  const verdicts: Verdict[] = [];
  for (const mutant of chosen) {
    const verdict = await judge(mutant, copy, timeout);
    verdicts.push(verdict);
    print(`${verdict.verdict.padEnd(14)} ${verdict.file}: ${verdict.what}`);
  }
  return verdicts;
}

/** Prints the score, and returns the exit status. */
function report(verdicts: Verdict[]): 0 | 1 {
  const count = (kind: Verdict['verdict']) => verdicts.filter(({ verdict }) => verdict === kind).length;
  const [killed, survived, notApplicable] = [count('killed'), count('survived'), count('not applicable')];
  const score = Math.round((1000 * killed) / Math.max(1, killed + survived)) / 10;
  print(
    `\n${killed} killed, ${survived} survived, ${notApplicable} not applicable: ${score} % (goal: ${GOAL} %)`,
  );
  const figures = { killed, survived, notApplicable, score, goal: GOAL, mutants: verdicts };
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  return score < GOAL || notApplicable > 0 ? 1 : 0;
}

const copy = copyProject();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    killTests();
    rmSync(copy, { recursive: true, force: true });
    process.exit(130);
  });
try {
  const verdicts = await judgeAll(copy);
  process.exitCode = verdicts ? report(verdicts) : 2;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
