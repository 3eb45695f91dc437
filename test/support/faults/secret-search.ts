/** A shorter secret could not be told from other words. */
const SHORTEST = 12;
/** The characters of every secret; other text is passed over. */
const WORD = /[\w.~+/=-]{12,}/g;
const SECRET = /^[\w.~+/=-]{12,}$/;

/** Finds any of thousands of secrets in a text, wherever they stand in it. */
export function createSecretSearch() {
  /** Secrets by their first characters. */
  const byStart = new Map<string, Set<string>>();

  return {
    /** Throws a `TypeError` for a secret that the search would pass over. */
    add(secret: string): void {
      if (!SECRET.test(secret)) throw new TypeError('The search does not find a secret of this form.');
      const start = secret.slice(0, SHORTEST);
      byStart.set(start, (byStart.get(start) ?? new Set()).add(secret));
    },
    has: (secret: string): boolean => byStart.get(secret.slice(0, SHORTEST))?.has(secret) === true,
    /** Returns the secrets that the text holds. */
    find(text: string): string[] {
      const found = new Set<string>();
      for (const word of new Set(text.match(WORD))) {
        for (let at = 0; at + SHORTEST <= word.length; at += 1) {
          const candidates = byStart.get(word.slice(at, at + SHORTEST)) ?? [];
          for (const secret of candidates) if (word.startsWith(secret, at)) found.add(secret);
        }
      }
      return [...found];
    },
  };
}
