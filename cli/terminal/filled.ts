import { InvalidArgumentError } from 'commander';

/** Longer than any name in AWS or here. */
const MAX_LENGTH = 128;

/** Reads the value of an option that must not be empty, as an unset variable of a script is. @throws {InvalidArgumentError} */
export function filled(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  if (text.length > MAX_LENGTH) throw new InvalidArgumentError(`It is longer than ${MAX_LENGTH} characters.`);
  return text;
}
