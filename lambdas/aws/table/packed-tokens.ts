/** Bytes of a part's length before the part. */
const LENGTH = 2;

/**
 * Returns sealed tokens as bytes, which take a quarter less of an item than base64url: the parts of the JWE (RFC 7516,
 * section 7.1), each after its length. Returns any other text as it is.
 */
export function packTokens(sealed: string): string | Uint8Array {
  const packed = Buffer.concat(
    sealed.split('.').flatMap((part) => {
      const bytes = Buffer.from(part, 'base64url');
      const length = Buffer.alloc(LENGTH);
      length.writeUInt16BE(bytes.length % 0x10000);
      return [length, bytes];
    }),
  );
  return sealed !== '' && unpackTokens(packed) === sealed ? new Uint8Array(packed) : sealed;
}

/** Returns the text of sealed tokens; what is neither bytes nor text stays as it is. */
export function unpackTokens(packed: unknown): unknown {
  if (!(packed instanceof Uint8Array)) return packed;
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const parts: string[] = [];
  for (let at = 0; at + LENGTH <= bytes.length; ) {
    const end = at + LENGTH + bytes.readUInt16BE(at);
    parts.push(bytes.toString('base64url', at + LENGTH, end));
    at = end;
  }
  return parts.join('.');
}
