import { once } from 'node:events';
import { styleText } from 'node:util';
import yoctoSpinner from 'yocto-spinner';
import { failureDocument, toCliFailure } from '../errors.ts';
import { createHints } from './hints.ts';
import { escapeControls, sanitizeOutput, sanitizeText } from './sanitize.ts';
import { wrapText } from './wrap.ts';

type Style = Parameters<typeof styleText>[0];

/** Writes a command's result to standard output, and its progress and failures to standard error. */
export interface Output {
  /** Whether `--json` was passed. */
  json: boolean;
  /** Whether both outputs are a terminal and `--json` was not passed: only then may a command redraw the screen. */
  isInteractive: boolean;
  /** Prints a text to standard output, wrapped at the terminal's width; nothing with `--json`. */
  print(text?: string): void;
  /** Returns a text as `print` prints it. */
  format(text: string): string;
  /** Prints the single JSON document of `--json` to standard output; nothing without `--json`. */
  printJson(value: object): void;
  /** Returns a value as JSON, on one line, for a part of the document of `--json`. */
  toJson(value: object): string;
  /** Writes a part of that document, made of what `toJson` returned, and waits until the reader has taken it. */
  writeJson(part: string): Promise<void>;
  /** Prints a line to standard error, also with `--json`. */
  printNotice(text: string): void;
  /** Shows a spinner with this text on standard error until the work is done, if standard error is a terminal. */
  withSpinner<T>(text: string, work: () => Promise<T>): Promise<T>;
  /** Prints an error: to standard error, or as the document of `--json`. */
  printFailure(error: unknown): void;
}

/**
 * Returns the output of this process.
 * @param hints rewrites the commands in a text; see `createHints`
 */
export function createOutput(json: boolean, hints = createHints()): Output {
  const format = (text: string, { isTTY, columns }: NodeJS.WriteStream = process.stdout) =>
    wrapText(hints(sanitizeOutput(text)), isTTY ? columns : undefined);
  // A hint may repeat what JSON escapes, such as a profile named `CORP\me`.
  const toJson = (value: object, indent?: number) =>
    escapeControls(
      JSON.stringify(value, (_, each) => (typeof each === 'string' ? hints(each) : each), indent),
    );
  const print = (text = '') => {
    if (!json) process.stdout.write(`${format(text)}\n`);
  };
  const printJson = (value: object) => {
    if (json) process.stdout.write(`${toJson(value, 2)}\n`);
  };
  const printNotice = (text: string) => {
    process.stderr.write(`${format(text, process.stderr)}\n`);
  };
  return {
    json,
    isInteractive: !json && process.stdout.isTTY === true && process.stderr.isTTY === true,
    print,
    format: (text) => format(text),
    printJson,
    toJson: (value) => toJson(value),
    async writeJson(part) {
      if (!process.stdout.write(part)) await once(process.stdout, 'drain');
    },
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
