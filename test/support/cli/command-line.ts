import '../services/aws-environment.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import pty from '@lydell/node-pty';

const ROOT = new URL('../../..', import.meta.url).pathname;
const PROGRAM = 'bin/zoom-tokens.js';

/** An environment without a person's own AWS settings, and without colour. */
const PLAIN = {
  PATH: process.env.PATH ?? '',
  HOME: devNull,
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_MAX_ATTEMPTS: '1',
};

export type Environment = Record<string, string>;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line as a person and as a script start it; remembers all that it has said. */
export function createCommandLine(environment: Environment) {
  const said: string[] = [];
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
    /** Everything, of every run. */
    said: () => said.join('\n'),

    /** Ends what a failed test has left behind. */
    close() {
      for (const each of running) each.kill('SIGKILL');
    },

    /** Piped, to its end. */
    async run(
      args: string[],
      {
        env = {},
        input = '',
        onError,
      }: { env?: Environment; input?: string; onError?: (text: string) => void } = {},
    ): Promise<Ended> {
      const child = start(args, env);
      child.stdin.end(input);
      if (onError) child.stderr.on('data', (chunk) => onError(String(chunk)));
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      said.push(stdout, stderr);
      return { code, stdout, stderr };
    },

    /** Piped, until this appears on either output; then Ctrl-C. */
    async interruptAt(pattern: RegExp, args: string[]): Promise<Ended> {
      const child = start(args);
      const output = { stdout: '', stderr: '' };
      const watch = (name: 'stdout' | 'stderr') =>
        child[name].on('data', (chunk) => {
          output[name] += chunk;
          if (pattern.test(output[name])) child.kill('SIGINT');
        });
      watch('stdout');
      watch('stderr');
      const [code] = await once(child, 'close');
      said.push(output.stdout, output.stderr);
      return { code, ...output };
    },

    /** On a terminal of 80 columns. */
    onTerminal(args: string[], env: Environment = {}): OnTerminal {
      const terminal = pty.spawn(process.execPath, [PROGRAM, ...args], {
        cwd: ROOT,
        cols: 80,
        rows: 40,
        env: { ...PLAIN, TERM: 'xterm-256color', ...environment, ...env },
      });
      running.add(terminal);
      let raw = '';
      let listen = () => {};
      terminal.onData((chunk) => {
        raw += chunk;
        listen();
      });
      const shown = () => stripVTControlCharacters(raw).replaceAll('\r', '');
      const ended = new Promise<{ code: number; shown: string; raw: string }>((resolve) => {
        terminal.onExit(({ exitCode }) => {
          running.delete(terminal);
          said.push(raw);
          listen();
          resolve({ code: exitCode, shown: shown(), raw });
        });
      });
      return {
        ended,
        type: (keys) => terminal.write(keys),
        async until(pattern) {
          let over = false;
          ended.then(() => {
            over = true;
          });
          for (;;) {
            const found = pattern.exec(shown());
            if (found) return found;
            if (over) throw new Error(`It ended before ${pattern}:\n${shown()}`);
            await new Promise<void>((resolve) => {
              listen = resolve;
            });
            // The end is told after the last output.
            await Promise.resolve();
          }
        },
      };
    },
  };
}

export interface OnTerminal {
  /** Waits until this has been shown. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  type(keys: string): void;
  /** `shown` is without colours, `raw` with them. */
  ended: Promise<{ code: number; shown: string; raw: string }>;
}

export const CTRL_C = '\x03';
export const ENTER = '\r';
