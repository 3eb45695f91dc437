import {
  BatchGetSecretValueCommand,
  ListSecretsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/**
 * Reads every secret as n8n's external secrets do: list all, page by page, without a filter; then fetch the values,
 * 20 at a time. What it may not read is left out. Answers names and values.
 */
export async function readAsN8n(client: SecretsManagerClient): Promise<Map<string, string>> {
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListSecretsCommand({ NextToken }));
    names.push(...(page.SecretList ?? []).flatMap(({ Name }) => Name ?? []));
    NextToken = page.NextToken;
  } while (NextToken);

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
