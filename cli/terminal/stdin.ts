import { text } from 'node:stream/consumers';
import { interruption } from './interruption.ts';

/** Standard input to its end. Ctrl-C ends it, though nothing arrives. */
export async function readInput(): Promise<string> {
  const stop = () => process.stdin.destroy(interruption.reason);
  interruption.addEventListener('abort', stop, { once: true });
  return text(process.stdin).finally(() => interruption.removeEventListener('abort', stop));
}
