// An external hook of n8n (`EXTERNAL_HOOK_FILES`). It serves `$secrets.aws` from n8n's own AWS Secrets Manager provider,
// unmodified, in an n8n without a licence. For tests alone.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const UPDATE_MS = 500;

async function serveSecrets() {
  const n8n = process.env.N8N_PACKAGE_FOLDER;
  const requireN8n = createRequire(join(n8n, 'package.json'));
  const { Container } = requireN8n('@n8n/di');
  const { ExternalSecretsProxy } = requireN8n('n8n-core');
  const { AwsSecretsManager } = requireN8n(
    join(n8n, 'dist/modules/external-secrets.ee/providers/aws-secrets-manager.js'),
  );
  const {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = process.env;
  const provider = new AwsSecretsManager();
  await provider.init({ settings: { region, authMethod: 'iamUser', accessKeyId, secretAccessKey } });
  await provider.connect();
  await provider.update();
  setInterval(() => provider.update().catch(() => {}), UPDATE_MS).unref();
  Container.get(ExternalSecretsProxy).setManager({
    hasProvider: (name) => name === 'aws',
    hasSecret: (_, name) => provider.hasSecret(name),
    getSecret: (_, name) => provider.getSecret(name),
    getProviderNames: () => ['aws'],
    getSecretNames: () => provider.getSecretNames(),
  });
}

module.exports = { n8n: { ready: [serveSecrets] } };
