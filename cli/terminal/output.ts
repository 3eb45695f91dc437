import { styleText } from 'node:util';
import yoctoSpinner from 'yocto-spinner';
import { failureDocument, toCliFailure } from '../errors.ts';
import { escapeControls, sanitizeOutput, sanitizeText } from './sanitize.ts';

type Style = Parameters<typeof styleText>[0];

/** Writes a command's result to standard output, and its progress and failures to standard error. */
export interface Output {
  /** Whether `--json` was passed. */
  json: boolean;
  /** Whether both outputs are a terminal and `--json` was not passed: only then may a command redraw the screen. */
  isInteractive: boolean;
  /** Prints a line of text to standard output; nothing with `--json`. */
  print(text?: string): void;
  /** Clears the terminal and prints a text. */
  redraw(text: string): void;
  /** Prints the single JSON document of `--json` to standard output; nothing without `--json`. */
  printJson(value: object): void;
  /** Prints a line to standard error, also with `--json`. */
  printNotice(text: string): void;
  /** Shows a spinner with this text on standard error until the work is done, if standard error is a terminal. */
  withSpinner<T>(text: string, work: () => Promise<T>): Promise<T>;
  /** Prints an error: to standard error, or as the document of `--json`. */
  printFailure(error: unknown): void;
}

const CLEAR_SCREEN = '\x1b[H\x1b[2J\x1b[3J';

/** Returns the output of this process. */
export function createOutput(json: boolean): Output {
  const print = (text = '') => {
    if (!json) process.stdout.write(`${sanitizeOutput(text)}\n`);
  };
  const printJson = (value: object) => {
    if (json) process.stdout.write(`${escapeControls(JSON.stringify(value, null, 2))}\n`);
  };
  const printNotice = (text: string) => {
    process.stderr.write(`${sanitizeOutput(text)}\n`);
  };
  return {
    json,
    isInteractive: !json && process.stdout.isTTY === true && process.stderr.isTTY === true,
    print,
    redraw(text) {
      process.stdout.write(CLEAR_SCREEN);
      print(text);
    },
    printJson,
    printNotice,
    async withSpinner(text, work) {
      if (!process.stderr.isTTY) return work();
      const spinner = yoctoSpinner({ text: sanitizeText(text), handleSignals: false }).start();
      try {
        return await work();
      } finally {
        spinner.stop();
      }
    },
    printFailure(error) {
      if (json) return printJson(failureDocument(error));
      const { message, action } = toCliFailure(error);
      printNotice(
        `${styleText('red', '✖', { stream: process.stderr })} ${sanitizeText(message)}\n  ${sanitizeText(action)}`,
      );
    },
  };
}

/** Returns the text in a style, or unchanged when standard output is no terminal or NO_COLOR is set. */
export const paint = (style: Style, text: string) => styleText(style, text, { stream: process.stdout });
