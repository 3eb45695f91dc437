import type { FilterNameStringType } from '@aws-sdk/client-secrets-manager';
import type { Secret } from './secret.ts';

export interface Filter {
  Key: FilterNameStringType;
  Values: string[];
}

/**
 * Returns whether a secret passes every filter. A filter passes when any of its values matches.
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
      return false; // No secret here is owned by an AWS service.
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

/**
 * Splits a text into lower-case words. A word ends before an upper-case letter that follows a lower-case one, before a
 * digit that follows a letter, and at punctuation.
 */
function words(text: string): string[] {
  return (text.match(/\p{Lu}*\p{Ll}+|\p{L}+|\p{N}+/gu) ?? []).map((word) => word.toLowerCase());
}
