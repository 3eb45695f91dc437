import { App } from 'aws-cdk-lib';
import { settingsFromContext } from '../lib/settings/settings.ts';
import { ZoomTokenRefresherStack } from '../lib/stack.ts';

const app = new App();
const settings = settingsFromContext(app.node);
new ZoomTokenRefresherStack(app, settings.name, settings);
