import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { jsonMap } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';

const text = v.pipe(v.string(), v.nonEmpty());

/** Block that `zoom-tokens about --existing` prints. A later version may know more parts. */
const Existing = v.partial(
  v.object({
    table: text,
    rescueBucket: text,
    sealingKeySecretArn: text,
    linkKeySecretArn: text,
    appSecretArns: jsonMap(text),
    n8nSecretArn: text,
    kmsKeyArn: text,
    auditLogGroup: text,
  }),
);

/** Days within which a secret can be restored: the fewest that Secrets Manager allows. */
export const RECOVERY_DAYS = 7;

/** Resources that a deleted stack has left. */
export interface Retained {
  secrets: string[];
  table?: string;
  bucket?: string;
  kmsKeyArn?: string;
  auditLogGroup?: string;
}

/**
 * Reads the block that `zoom-tokens about --existing` prints, with or without its name, or a `cdk.json` that contains it.
 * @throws {UsageError} when the file cannot be read or has no such block
 */
export async function readRetained(file: string): Promise<Retained> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, `it cannot be read (${error.code})`);
  });
  const content = decode(bytes);
  const json = parse(content.trim().startsWith('"existing"') ? `{${content}}` : content);
  const block = json?.context?.existing ?? json?.existing ?? json;
  const parsed = v.safeParse(Existing, block);
  if (!parsed.success || Object.keys(parsed.output).length === 0) {
    throw unreadable(file, 'it does not contain the block');
  }
  const { table, rescueBucket, kmsKeyArn, auditLogGroup, ...secrets } = parsed.output;
  const { appSecretArns = new Map(), ...keys } = secrets;
  return {
    secrets: [
      ...[keys.sealingKeySecretArn, keys.linkKeySecretArn].flatMap((arn) => arn ?? []),
      ...appSecretArns.values(),
      ...(keys.n8nSecretArn === undefined ? [] : [keys.n8nSecretArn]),
    ],
    ...(table !== undefined && { table }),
    ...(rescueBucket !== undefined && { bucket: rescueBucket }),
    ...(kmsKeyArn !== undefined && { kmsKeyArn }),
    ...(auditLogGroup !== undefined && { auditLogGroup }),
  };
}

/** Decodes UTF-8 and, as `>` of Windows PowerShell writes it, UTF-16. Removes the byte order mark of either. */
function decode(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

function parse(content: string) {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

const unreadable = (file: string, why: string) =>
  new UsageError(
    `Nothing was deleted: ${file} must contain what "zoom-tokens about --existing" prints, but ${why}.`,
    'The output "Existing" of the deleted stack has it too: see docs/runbook.md#bring-it-back.',
  );
