import { text } from 'node:stream/consumers';
import { interruption } from './interruption.ts';

/**
 * Reads standard input to its end. Ctrl-C stops the read, even when no input arrives.
 * @throws {Interrupted}
 */
export async function readStandardInput(): Promise<string> {
  const stop = () => process.stdin.destroy(interruption.reason);
  interruption.addEventListener('abort', stop, { once: true });
  return text(process.stdin).finally(() => interruption.removeEventListener('abort', stop));
}
