import '../support/services/output.ts';
import '../support/services/aws-environment.ts';
import { describe, expect, test } from '@jest/globals';
import { lazily } from '../../lambdas/lazily.ts';
import { createRuntime } from '../../lambdas/runtime.ts';
import { Failure } from '../../lambdas/tokens/errors.ts';
import { defaultPlace } from '../../lambdas/tokens/operate/installation.ts';
import { functionsWith } from '../support/services/handlers.ts';
import { logLines, takeOutput } from '../support/services/output.ts';
import { createWatch } from '../support/services/watch.ts';

const environment = {
  TABLE_NAME: 'connections',
  RESCUE_BUCKET: 'rescue',
  APP_SECRETS: '{"default":"zoom-token-refresher/app/default"}',
  PUBLIC_URL: 'https://abc123.execute-api.eu-west-1.amazonaws.com',
};

function refusal(variables: NodeJS.ProcessEnv): Failure {
  try {
    createRuntime({ ...environment, ...variables });
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('the environment was accepted');
}

describe('the environment', () => {
  test.each(Object.keys(environment))('without %s is misconfigured, and the message names it', (name) => {
    const error = refusal({ [name]: undefined });
    expect(error).toMatchObject({
      class: 'misconfigured',
      code: 'environment',
      message: `Environment variables are missing or wrong: ${name} is missing.`,
      action: expect.stringMatching(
        /^Deploy again: npx cdk deploy sets them all\. .*cdk deploy --revert-drift\.$/,
      ),
    });
  });

  test('with several errors is misconfigured, and the message names them all', () => {
    const wrong = { TABLE_NAME: '', RESCUE_BUCKET: undefined, ZOOM_API_URL: 'zoom', MARGIN_SECONDS: 'soon' };
    expect(refusal(wrong).message).toBe(
      'Environment variables are missing or wrong: TABLE_NAME is empty, RESCUE_BUCKET is missing, ' +
        'ZOOM_API_URL must be an https:// origin, MARGIN_SECONDS must be whole seconds, 60 to 2400.',
    );
  });

  test.each(['PUBLIC_URL', 'ZOOM_OAUTH_URL', 'ZOOM_API_URL'])(
    'accepts only an https origin for %s',
    (name) => {
      for (const value of [
        'zoom.us',
        'http://zoom.us',
        'http://localhost.evil.com',
        'https://zoom.us/oauth',
        '',
      ]) {
        expect(refusal({ [name]: value }).message).toContain(`${name} must be an https:// origin`);
      }
      for (const value of [
        'https://zoomgov.com',
        'https://zoom.us/',
        'http://localhost:8788',
        'http://127.0.0.1:1',
      ]) {
        expect(() => createRuntime({ ...environment, [name]: value })).not.toThrow();
      }
    },
  );

  test('loses the trailing slash of PUBLIC_URL, because the redirect URL must be exact', () => {
    const { publicUrl } = createRuntime({ ...environment, PUBLIC_URL: 'https://tokens.example.com/' });
    expect(publicUrl).toBe('https://tokens.example.com');
  });

  test.each(['MARGIN_SECONDS', 'EARLY_MARGIN_SECONDS'])(
    'accepts only whole seconds within the hour for %s',
    (name) => {
      for (const value of ['0', '59', '3001', '90.5', '-600', '10m', '']) {
        expect(refusal({ [name]: value }).message).toContain(`${name} must be whole seconds, 60 to 2400`);
      }
    },
  );

  test('keeps the default bundle of an app with any name', () => {
    const DEFAULT_BUNDLES = '{"constructor":"sales","*":"team"}';
    const { installation } = createRuntime({ ...environment, DEFAULT_BUNDLES });
    expect(defaultPlace('constructor', installation)).toBe('bundle_sales');
    expect(defaultPlace('prototype', installation)).toBe('bundle_team');
    expect(defaultPlace('constructor', createRuntime(environment).installation)).toBeUndefined();
  });

  test.each(['sales', '[]', '["sales"]', '{"default":"Sales"}', '{"default":1}'])(
    'accepts no %s for the default bundles',
    (DEFAULT_BUNDLES) => {
      expect(refusal({ DEFAULT_BUNDLES }).message).toMatch(
        /DEFAULT_BUNDLES\S* must be a JSON object of apps and their bundles/,
      );
    },
  );

  test('has the bundles that the policy of n8n names, if it names any', () => {
    expect(createRuntime(environment).installation).not.toHaveProperty('readers');
    expect(createRuntime({ ...environment, READERS: 'sales,team' }).installation.readers).toEqual([
      'sales',
      'team',
    ]);
  });

  test('sets the margins, which are 10 and 30 minutes by default', () => {
    expect(createRuntime(environment).margins).toEqual({ late: 600, overlapping: 1800 });
    const margins = { MARGIN_SECONDS: '300', EARLY_MARGIN_SECONDS: '2400' };
    expect(createRuntime({ ...environment, ...margins }).margins).toEqual({ late: 300, overlapping: 2400 });
  });

  test('switches the push on by naming the n8n secret', () => {
    expect(createRuntime(environment).push).toBeUndefined();
    expect(createRuntime({ ...environment, N8N_SECRET_ID: 'zoom-token-refresher/n8n' }).push).toBeDefined();
    expect(refusal({ N8N_SECRET_ID: '' }).message).toContain('N8N_SECRET_ID is empty');
  });

  test('sets the host of Zoom, which is zoom.us by default', async () => {
    const consent = { state: 's', codeVerifier: 'v'.repeat(43) };
    const app = { clientId: 'the-id', clientSecret: 'the-secret' };
    const urlOf = async (variables = {}) =>
      (await createRuntime({ ...environment, ...variables }).zoom.authorizationUrl(app, consent)).origin;
    expect(await urlOf()).toBe('https://zoom.us');
    expect(await urlOf({ ZOOM_OAUTH_URL: 'https://zoomgov.com' })).toBe('https://zoomgov.com');
  });
});

test('a deployed function ends a wait that is aborted, without an error', async () => {
  const { wait } = createRuntime(environment);
  const aborted = new AbortController();
  const waiting = wait(60_000, aborted.signal);
  aborted.abort();
  await expect(waiting).resolves.toBeUndefined();
  await expect(wait(1)).resolves.toBeUndefined();
});

test('a deployed function counts time in whole epoch seconds', () => {
  const now = createRuntime(environment).now();
  expect(Number.isInteger(now)).toBe(true);
  expect(Math.abs(now - Date.now() / 1000)).toBeLessThan(5);
});

describe('the runtime of a function', () => {
  test('is created once, at the first request', () => {
    let built = 0;
    const load = lazily(() => {
      built += 1;
      return { built };
    });
    expect(built).toBe(0);
    expect(load()).toBe(load());
    expect(built).toBe(1);
  });

  test('is created again at the next request after a failure', () => {
    const attempts = [
      () => {
        throw new Error('not yet');
      },
      () => 'built',
    ];
    const load = lazily(() => (attempts.shift() as () => string)());
    expect(load).toThrow('not yet');
    expect(load()).toBe('built');
  });
});

test('a function without its environment logs which variable is missing', async () => {
  takeOutput();
  const functions = functionsWith(() => createRuntime({ ...environment, TABLE_NAME: undefined }), {
    watch: createWatch(),
    started: [],
  });
  await functions.visit('https://tokens.example.com/connect?ticket=x');
  expect(logLines(takeOutput())).toEqual([
    expect.objectContaining({
      message: 'Environment variables are missing or wrong: TABLE_NAME is missing.',
      class: 'misconfigured',
      code: 'environment',
    }),
  ]);
});
