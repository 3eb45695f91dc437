/**
 * `service.ts <name>`: the process of one service. It sends its URL to its parent process. A message `begin` announces a
 * sweep; for any other message it sends its record of what happened.
 */
import { startWatchedDynamoDB } from './dynamodb.ts';
import { startLimitedSecretsManager } from './secrets-manager.ts';
import { startZoom } from './zoom.ts';

/** Milliseconds. */
const LATENCY = { zoom: 150, aws: 15 };

const services = {
  zoom: () => startZoom(LATENCY.zoom),
  'secrets-manager': () => startLimitedSecretsManager(LATENCY.aws),
  dynamodb: () => startWatchedDynamoDB(LATENCY.aws),
};

const { url, happened, begin }: { url: string; happened: object; begin?: () => void } =
  await services[process.argv[2] as keyof typeof services]();
process.on('message', (message) => {
  if (message === 'begin') begin?.();
  else process.send?.(happened);
});
process.once('disconnect', () => process.exit());
process.send?.(url);
