import type { Node } from 'constructs';
import { didYouMean } from '../cli/closest.ts';
import { SettingsError } from '../lib/settings/read-settings.ts';
import { KEYS } from '../lib/settings/settings.ts';

/** The CDK's own keys have a hyphen, a colon or a slash. */
const OWN_KEY = /^[A-Za-z0-9]+$/;

/**
 * Makes sure that the context has no misspelt setting, which would be ignored.
 * @throws {SettingsError}
 */
export function assertKnown(node: Node): void {
  const unknown = Object.keys(node.getAllContext()).find(
    (key) => OWN_KEY.test(key) && !KEYS.some((known) => known === key),
  );
  if (unknown === undefined) return;
  throw new SettingsError(
    `"${unknown}" is no setting.${didYouMean(unknown, KEYS)} Correct it in the context of cdk.json, or in -c ${unknown}=…. lib/settings/props.ts lists the settings.`,
  );
}
