import { confirm, input, password, select } from '@inquirer/prompts';
import { Interrupted } from '../errors.ts';
import { interrupt } from './interruption.ts';

/** On standard error, so that standard output holds the result alone. */
const CONTEXT = { output: process.stderr };

/** Somebody is there to answer. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Answers whether the text is good enough, or why not. */
export type Check = (text: string) => true | string;

export const askText = (message: string, check: Check): Promise<string> =>
  asked(input({ message, validate: check }, CONTEXT));

/** Nothing of it is shown. */
export const askSecret = (message: string, check: Check): Promise<string> =>
  asked(password({ message, validate: check }, CONTEXT));

export const askChoice = <Value>(
  message: string,
  choices: { name: string; value: Value }[],
): Promise<Value> => asked(select({ message, choices }, CONTEXT));

/** No unless the person says yes. */
export const askConsent = (message: string): Promise<boolean> =>
  asked(confirm({ message, default: false }, CONTEXT));

/** The question reads the keyboard itself, so Ctrl-C arrives as an error here. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
    interrupt();
    throw new Interrupted();
  }
}
