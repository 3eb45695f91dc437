import type { FilterNameStringType } from '@aws-sdk/client-secrets-manager';
import type { Secret } from './secret.ts';

export interface Filter {
  Key: FilterNameStringType;
  Values: string[];
}

/**
 * Whether a secret passes every filter; a filter passes with any of its values.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html
 */
export function passes(secret: Secret, filters: readonly Filter[]): boolean {
  return filters.every(({ Key, Values }) =>
    Values.some((value) =>
      value.startsWith('!') ? !matches(secret, Key, value.slice(1)) : matches(secret, Key, value),
    ),
  );
}

function matches(secret: Secret, key: FilterNameStringType, value: string): boolean {
  const tagKeys = [...(secret.tags?.keys() ?? [])];
  const tagValues = [...(secret.tags?.values() ?? [])];
  const description = secret.description ?? '';
  switch (key) {
    case 'name':
      return secret.name.startsWith(value);
    case 'tag-key':
      return tagKeys.some((tag) => tag.startsWith(value));
    case 'tag-value':
      return tagValues.some((tag) => tag.startsWith(value));
    case 'primary-region':
      return secret.arn.split(':')[3]?.startsWith(value) ?? false;
    case 'owning-service':
      return false; // No service owns a secret here.
    case 'description':
      return words(value).every((word) => hasWord(description, word));
    case 'all':
      return words(value).some((word) =>
        [secret.name, description, ...tagKeys, ...tagValues].some((text) => hasWord(text, word)),
      );
  }
}

function hasWord(text: string, prefix: string): boolean {
  return words(text).some((word) => word.startsWith(prefix));
}

/** Lower case; a word ends where upper case follows lower case, a digit a letter, and at punctuation. */
function words(text: string): string[] {
  return (text.match(/\p{Lu}*\p{Ll}+|\p{L}+|\p{N}+/gu) ?? []).map((word) => word.toLowerCase());
}
