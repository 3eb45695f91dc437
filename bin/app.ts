import { App } from 'aws-cdk-lib';
import { SettingsError, settingsFromContext } from '../lib/settings/read-settings.ts';
import { ZoomTokenRefresherStack } from '../lib/stack.ts';
import { assertKnown } from './assert-known.ts';

const app = new App();
try {
  assertKnown(app.node);
  const settings = settingsFromContext(app.node);
  // Another id would be another stack, which starts empty. `name` may change.
  new ZoomTokenRefresherStack(app, settings.installationId, settings);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  // A stack trace would bury the message.
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
