import type { Node } from 'constructs';
import { assertConsistent } from './consistency.ts';
import { InvalidSetting } from './invalid-setting.ts';
import { DEFAULTS, KEYS, RULES, type Settings } from './settings.ts';

/**
 * Returns the settings of the CDK context (`cdk.json`, `-c key=value`), completed with the defaults.
 * @throws {SettingsError} that names the invalid context key, what it must be, what it is, and where to correct it
 */
export function settingsFromContext(node: Node): Settings {
  try {
    return toSettings(Object.fromEntries(KEYS.map((key) => [key, node.tryGetContext(key)])));
  } catch (error) {
    if (!(error instanceof InvalidSetting)) throw error;
    const { key, message } = error;
    throw new SettingsError(`${message} Correct it in the context of cdk.json, or pass -c ${key}=…`);
  }
}

/** Settings with which nothing can be synthesized. The message says all that there is to say. */
export class SettingsError extends Error {}

/**
 * Returns the settings completed with the defaults.
 * @throws {Error} that names the invalid setting, what it must be and what it is
 */
export function toSettings(given: { readonly [key in keyof Settings]?: unknown }): Settings {
  const chosen: Record<string, unknown> = { ...DEFAULTS };
  for (const key of KEYS) {
    if (given[key] === undefined) continue;
    const value = RULES[key].read(given[key]);
    if (value === undefined) throw new InvalidSetting(key, RULES[key].expects, given[key]);
    chosen[key] = value;
  }
  chosen.installationId ??= chosen.name;
  chosen.alarmValidityMinutes ??= Math.floor(Number(chosen.marginSeconds) / 60);
  const all = chosen as unknown as Settings;
  assertConsistent(all);
  return all;
}
