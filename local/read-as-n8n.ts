import {
  BatchGetSecretValueCommand,
  ListSecretsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/**
 * Reads every secret as n8n's external secrets do: lists all of them, page by page and without a filter, then fetches
 * the values, 20 at a time. Leaves out a secret that it may not read. Returns the values by the secrets' names.
 */
export async function readAsN8n(client: SecretsManagerClient): Promise<Map<string, string>> {
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListSecretsCommand({ NextToken }));
    names.push(...(page.SecretList ?? []).flatMap(({ Name }) => Name ?? []));
    NextToken = page.NextToken;
  } while (NextToken);

  return readValues(client, names);
}

/** Reads the values of these secrets as n8n does, 20 at a time. Leaves out a secret that it may not read. */
export async function readValues(
  client: SecretsManagerClient,
  names: readonly string[],
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (let start = 0; start < names.length; start += 20) {
    const { SecretValues = [] } = await client.send(
      new BatchGetSecretValueCommand({ SecretIdList: names.slice(start, start + 20) }),
    );
    for (const { Name, SecretString } of SecretValues) {
      if (Name && SecretString) values.set(Name, SecretString);
    }
  }
  return values;
}
