import '../services/aws-environment.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import pty from '@lydell/node-pty';
import xterm from '@xterm/headless';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** The command line as the package has it. */
const PACKAGE = process.env.ZOOM_TOKENS_PACKAGE ?? ROOT;
const PROGRAM = join(PACKAGE, 'bin/zoom-tokens.js');

/** Environment without the developer's own AWS settings. */
const PLAIN = {
  PATH: process.env.PATH ?? '',
  HOME: devNull,
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_MAX_ATTEMPTS: '1',
  // Is removed with the package.
  NODE_COMPILE_CACHE: join(PACKAGE, 'compile-cache'),
};

export type Environment = Record<string, string>;

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the command line as a script and as a person do, and records everything that it prints. */
export function createCommandLine(environment: Environment) {
  const transcript: string[] = [];
  const running = new Set<{ kill(signal?: string): unknown }>();

  const start = (args: string[], more: Environment = {}) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: ROOT,
      env: { ...PLAIN, ...environment, ...more },
    });
    const handle = { kill: () => child.kill('SIGKILL') };
    running.add(handle);
    child.on('exit', () => running.delete(handle));
    return child;
  };

  return {
    /** Returns the output of every run. */
    transcript: () => transcript.join('\n'),

    /** Kills the processes that a failed test has left running. */
    close() {
      for (const each of running) each.kill('SIGKILL');
    },

    /** Runs a command with pipes until it ends. */
    async run(
      args: string[],
      {
        env = {},
        input = '',
        onError,
      }: { env?: Environment; input?: string; onError?: (text: string) => void } = {},
    ): Promise<CommandResult> {
      const child = start(args, env);
      child.stdin.end(input);
      if (onError) child.stderr.on('data', (chunk) => onError(String(chunk)));
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      transcript.push(stdout, stderr);
      return { code, stdout, stderr };
    },

    /** Runs a command with pipes, and sends SIGINT once the pattern appears on either output. */
    async interruptAt(pattern: RegExp, args: string[]): Promise<CommandResult> {
      const child = start(args);
      const output = { stdout: '', stderr: '' };
      let isInterrupted = false;
      const watch = (name: 'stdout' | 'stderr') =>
        child[name].on('data', (chunk) => {
          output[name] += chunk;
          // Once: a second one would end the process before it has said what it found.
          if (isInterrupted || !pattern.test(output[name])) return;
          isInterrupted = true;
          child.kill('SIGINT');
        });
      watch('stdout');
      watch('stderr');
      const [code] = await once(child, 'close');
      transcript.push(output.stdout, output.stderr);
      return { code, ...output };
    },

    /** Starts a command on a terminal, of 80 columns and 40 lines by default. */
    onTerminal(
      args: string[],
      env: Environment = {},
      { cols = 80, rows = 40 }: { cols?: number; rows?: number } = {},
    ): TerminalRun {
      const terminal = pty.spawn(process.execPath, [PROGRAM, ...args], {
        cwd: ROOT,
        cols,
        rows,
        env: { ...PLAIN, TERM: 'xterm-256color', ...environment, ...env },
      });
      running.add(terminal);
      const display = new xterm.Terminal({ cols, rows, allowProposedApi: true });
      display.write(EARLIER_OUTPUT);
      let raw = '';
      let onChange = () => {};
      terminal.onData((chunk) => {
        raw += chunk;
        display.write(chunk);
        onChange();
      });
      const shown = () => stripVTControlCharacters(raw).replaceAll('\r', '');
      const ended = new Promise<{ code: number; shown: string; raw: string }>((resolve) => {
        terminal.onExit(({ exitCode }) => {
          running.delete(terminal);
          transcript.push(raw);
          onChange();
          resolve({ code: exitCode, shown: shown(), raw });
        });
      });
      return {
        ended,
        type: (keys) => terminal.write(keys),
        kill: (signal) => terminal.kill(signal),
        resize(columns, lines) {
          display.resize(columns, lines);
          terminal.resize(columns, lines);
        },
        async display() {
          await new Promise<void>((resolve) => display.write('', resolve));
          return readDisplay(display);
        },
        async until(pattern) {
          let hasEnded = false;
          ended.then(() => {
            hasEnded = true;
          });
          for (;;) {
            const found = pattern.exec(shown());
            if (found) return found;
            if (hasEnded) throw new Error(`The command ended before it showed ${pattern}:\n${shown()}`);
            await new Promise<void>((resolve) => {
              onChange = resolve;
            });
            // The exit is reported after the last output.
            await Promise.resolve();
          }
        },
      };
    },
  };
}

/** The text in the terminal before a command starts. */
const EARLIER_OUTPUT = 'earlier output\r\n';

/** The screen of a terminal. */
export interface Display {
  /** The lines that are in sight, without their trailing spaces. */
  lines: string[];
  /** Lines that the terminal had to break, because they are longer than it is wide. */
  broken: string[];
  /** The lines of the scrollback and of the normal screen, while the alternate screen may be in sight. */
  scrollback: string[];
  isAlternate: boolean;
}

function readDisplay({ buffer, rows }: InstanceType<typeof xterm.Terminal>): Display {
  const { active, normal } = buffer;
  const read = (from: typeof active, start: number, end: number) =>
    Array.from({ length: end - start }, (_, index) => from.getLine(start + index));
  const text = (line: ReturnType<typeof active.getLine>) => line?.translateToString(true) ?? '';
  const sight = read(active, active.viewportY, active.viewportY + rows);
  return {
    lines: sight.map(text),
    broken: read(active, 0, active.length)
      .filter((line) => line?.isWrapped)
      .map(text),
    scrollback: read(normal, 0, normal.length).map(text),
    isAlternate: active.type === 'alternate',
  };
}

/** A command that runs on a terminal. */
export interface TerminalRun {
  /** Waits until the screen has shown the pattern. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  type(keys: string): void;
  kill(signal: string): void;
  resize(columns: number, rows: number): void;
  /** Returns what the terminal shows now, as xterm draws it. */
  display(): Promise<Display>;
  /** Resolves when the command has ended. `shown` is the screen's text without control characters, `raw` with them. */
  ended: Promise<{ code: number; shown: string; raw: string }>;
}

export const CTRL_C = '\x03';
export const ENTER = '\r';
