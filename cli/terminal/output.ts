import { styleText } from 'node:util';
import yoctoSpinner from 'yocto-spinner';
import { toCliFailure, toJson } from '../errors.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a command speaks: its result to standard output, its progress and failures to standard error. */
export interface Output {
  json: boolean;
  /** A person sees standard output, and can be shown what moves. */
  live: boolean;
  /** A line of text for a person; nothing with `--json`. */
  say(text?: string): void;
  /** The one JSON document of `--json`; nothing without. */
  document(value: object): void;
  /** A line of progress on standard error, also with `--json`. */
  note(text: string): void;
  /** Shows on standard error what takes long, while it takes long. */
  during<T>(text: string, work: () => Promise<T>): Promise<T>;
  failure(error: unknown): void;
}

export function createOutput(json: boolean): Output {
  const say = (text = '') => {
    if (!json) process.stdout.write(`${text}\n`);
  };
  const document = (value: object) => {
    if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  };
  const note = (text: string) => {
    process.stderr.write(`${text}\n`);
  };
  return {
    json,
    live: !json && process.stdout.isTTY === true && process.stderr.isTTY === true,
    say,
    document,
    note,
    async during(text, work) {
      if (!process.stderr.isTTY) return work();
      const spinner = yoctoSpinner({ text, handleSignals: false }).start();
      try {
        return await work();
      } finally {
        spinner.stop();
      }
    },
    failure(error) {
      if (json) return document(toJson(error));
      const { message, action } = toCliFailure(error);
      note(`${styleText('red', '✖', { stream: process.stderr })} ${message}\n  ${action}`);
    },
  };
}

/** Coloured where standard output is a terminal and NO_COLOR is not set. */
export const paint = (style: Style, text: string) => styleText(style, text, { stream: process.stdout });
