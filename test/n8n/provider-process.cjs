// Runs n8n's own AWS Secrets Manager provider, unmodified. `update` over IPC returns the secrets that n8n would have.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const n8n = process.argv[2];
const requireN8n = createRequire(join(n8n, 'package.json'));
requireN8n('reflect-metadata');
const { AwsSecretsManager } = requireN8n(
  join(n8n, 'dist/modules/external-secrets.ee/providers/aws-secrets-manager.js'),
);

const provider = new AwsSecretsManager();

async function connect() {
  const {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = process.env;
  await provider.init({ settings: { region, authMethod: 'iamUser', accessKeyId, secretAccessKey } });
  await provider.connect();
  if (provider.state !== 'connected') throw provider.lastError ?? new Error('not connected');
}

async function update() {
  await provider.update();
  return provider.getSecretNames().map((name) => [name, provider.getSecret(name)]);
}

process.on('message', async (request) => {
  try {
    const secrets = request === 'connect' ? await connect() : await update();
    process.send({ secrets: secrets ?? [] });
  } catch (error) {
    process.send({ failed: error.message });
  }
});
