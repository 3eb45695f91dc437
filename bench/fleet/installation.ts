import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttributeValue, BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DEFAULT_NAME, VARIABLES } from '../../lambdas/contract.ts';
import type { Connection } from '../../lambdas/tokens/connection.ts';
import { lambdaApi, openGateway } from '../../local/gateway.ts';
import { appSecretName } from '../../local/secrets.ts';
import { startLocalStack } from '../../local/stack.ts';
import { deployedBundle, nativeClient } from '../functions/bundles.ts';
import { startFunction } from '../functions/function-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const TABLE_NAME = `${DEFAULT_NAME}-connections`;
/** Most items of one request to DynamoDB. */
const BATCH = 25;
const SAMPLE_MILLISECONDS = 20;

/** One run of the command line. Memory is the highest resident set size, bytes. */
export interface CommandRun {
  seconds: number;
  memory: number;
  functionMemory: number;
  invocations: number;
  /** Bytes of the largest response of the function. */
  largest: number;
}

/**
 * Starts the local stack with a fleet in its table, and the operator function's bundle in a process of its own, as Lambda
 * runs it.
 */
export async function startInstallation(connections: number, folder: string) {
  const stack = await startLocalStack({ now: () => Math.floor(Date.now() / 1000), speed: 1, port: 0 });
  await fill(connections, stack.now());
  const environment = {
    ...stack.environment,
    [VARIABLES.tableName]: TABLE_NAME,
    [VARIABLES.linkKeySecretId]: `${DEFAULT_NAME}/link-key`,
    [VARIABLES.sealingKeySecretId]: `${DEFAULT_NAME}/sealing-key`,
    [VARIABLES.rescueBucket]: `${DEFAULT_NAME}-rescue`,
    [VARIABLES.appSecrets]: JSON.stringify({ default: appSecretName('default') }),
    [VARIABLES.publicUrl]: stack.publicUrl,
    [VARIABLES.zoomOauthUrl]: stack.zoomUrl,
    [VARIABLES.zoomApiUrl]: stack.zoomUrl,
    POWERTOOLS_SERVICE_NAME: 'bench',
    POWERTOOLS_METRICS_NAMESPACE: 'bench',
  };
  const fn = await startFunction(
    { folder: deployedBundle('operator', folder), environment },
    await nativeClient(folder),
  );
  const used = { invocations: 0, functionMemory: 0, largest: 0 };
  let before: Promise<unknown> = Promise.resolve();
  // One instance of a function takes one event after the other.
  const handler = (event: unknown) => {
    const invoked = before.then(() => fn.invoke(event));
    before = invoked.catch(() => {});
    return invoked.then(({ result, memory }) => {
      used.invocations += 1;
      used.functionMemory = Math.max(used.functionMemory, memory);
      used.largest = Math.max(used.largest, Buffer.byteLength(JSON.stringify(result)));
      return result;
    });
  };
  const gateway = await openGateway(0);
  gateway.serve([lambdaApi([{ name: `${DEFAULT_NAME}-operator`, handler, timeoutSeconds: 60 }], 1)]);

  return {
    async run(args: string[]): Promise<CommandRun> {
      Object.assign(used, { invocations: 0, functionMemory: 0, largest: 0 });
      const startedAt = performance.now();
      const child = spawn(process.execPath, ['bin/zoom-tokens.js', ...args], {
        cwd: ROOT,
        stdio: ['ignore', 'ignore', 'ignore'],
        env: { PATH: process.env.PATH, ...stack.environment, AWS_ENDPOINT_URL_LAMBDA: gateway.url },
      });
      let memory = 0;
      const sampling = setInterval(() => {
        memory = Math.max(memory, highestMemory(child.pid));
      }, SAMPLE_MILLISECONDS);
      await once(child, 'exit');
      clearInterval(sampling);
      return { seconds: (performance.now() - startedAt) / 1000, memory, ...used };
    },
    async close() {
      await fn.stop();
      await gateway.close();
      await stack.close();
    },
  };
}

/** Returns the highest resident set size of a process so far, bytes; 0 where the system does not tell. */
function highestMemory(pid: number | undefined): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

async function fill(connections: number, now: number): Promise<void> {
  const client = new DynamoDBClient();
  for (let start = 0; start < connections; start += BATCH) {
    const size = Math.min(BATCH, connections - start);
    const requests = Array.from({ length: size }, (_, index) => ({
      PutRequest: { Item: itemOf(start + index, now) },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE_NAME]: requests } }));
  }
  client.destroy();
}

/** One in a thousand needs a person, one in a thousand fails; the others are well. */
function itemOf(index: number, now: number): Record<string, AttributeValue> {
  const item: Connection = {
    connection: `connection_${index}`,
    app: 'default',
    grantType: 'authorization_code',
    status: index % 1000 === 1 ? 'reconnect' : 'active',
    dueAt: now + 600 + (index % 3000),
    generation: 1,
    version: 2,
    publishedVersion: 2,
    sealedTokens: 'x'.repeat(2000),
    expiresAt: now + 3600,
    validUntil: now + 3600,
    consentedAt: now - 86_400,
    consentId: `consent-${index}`,
    rotatedAt: now,
    failures: 0,
    overlap: 'yes',
    ...(index % 1000 === 2 && { failures: 1, failingSince: now - 60 }),
  };
  return marshall(item);
}
