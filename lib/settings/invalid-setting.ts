import type { Settings } from './settings.ts';

/** A setting that cannot be used, with what it must be and what it is. */
export class InvalidSetting extends Error {
  readonly key: string;

  constructor(key: keyof Settings, expects: string, value: unknown) {
    const is = value === undefined ? 'missing' : JSON.stringify(value);
    super(`"${key}" must be ${expects}, but it is ${is}.`);
    this.key = key;
  }
}
