import { InvalidArgumentError } from 'commander';

/** Reads the value of an option that must not be empty, as an unset variable of a script is. @throws {InvalidArgumentError} */
export function filled(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}
