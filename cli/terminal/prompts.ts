import { Interrupted } from '../errors.ts';
import { interrupt } from './interruption.ts';
import { sanitizeText } from './sanitize.ts';

/** The prompts are loaded with the first one, since most commands have none. */
const prompts = () => import('./inquirer.ts');

/** Prompts go to standard error, so that standard output holds the result alone. */
const CONTEXT = { output: process.stderr };

/** Returns whether a person can be prompted: standard input and standard error are a terminal. */
export const canPrompt = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Returns `true` for valid text, and otherwise the reason why the text is invalid. */
export type Validator = (text: string) => true | string;

/** Prompts for text. @throws {Interrupted} */
export const promptText = (message: string, validate: Validator): Promise<string> =>
  interruptible(async () => (await prompts()).input({ message: sanitizeText(message), validate }, CONTEXT));

/** Prompts for a secret without echoing it to the terminal. @throws {Interrupted} */
export const promptSecret = (message: string, validate: Validator): Promise<string> =>
  interruptible(async () =>
    (await prompts()).password({ message: sanitizeText(message), validate }, CONTEXT),
  );

/** Prompts for one of several choices. @throws {Interrupted} */
export const promptChoice = <Value>(
  message: string,
  choices: { name: string; value: Value }[],
): Promise<Value> =>
  interruptible(async () => (await prompts()).select({ message: sanitizeText(message), choices }, CONTEXT));

/** Prompts for yes or no; Enter alone means no. @throws {Interrupted} */
export const promptConfirmation = (message: string): Promise<boolean> =>
  interruptible(async () =>
    (await prompts()).confirm({ message: sanitizeText(message), default: false }, CONTEXT),
  );

/**
 * A prompt reads the keyboard itself, so Ctrl-C arrives as an error and not as a signal. After Ctrl-D it waits for ever,
 * and nothing else keeps the process.
 */
async function interruptible<T>(prompt: () => Promise<T>): Promise<T> {
  const { promise: closed, reject } = Promise.withResolvers<never>();
  const end = () => reject(new Interrupted());
  process.once('beforeExit', end);
  try {
    return await Promise.race([prompt(), closed]);
  } catch (error) {
    const isEnd =
      error instanceof Interrupted || (error instanceof Error && error.name === 'ExitPromptError');
    if (!isEnd) throw error;
    interrupt();
    throw new Interrupted();
  } finally {
    process.off('beforeExit', end);
  }
}
