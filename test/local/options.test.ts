import { describe, expect, test } from '@jest/globals';
import { readOptions, UsageError } from '../../local/options.ts';

const USER_APP = { ZOOM_CLIENT_ID: 'user-id', ZOOM_CLIENT_SECRET: 'user-secret' };
const SERVER_APP = {
  ZOOM_S2S_CLIENT_ID: 'server-id',
  ZOOM_S2S_CLIENT_SECRET: 'server-secret',
  ZOOM_S2S_ACCOUNT_ID: 'account',
};

describe('npm start', () => {
  test('runs at 120 times real time on port 8787 by default', () => {
    expect(readOptions([], {})).toEqual({ once: false, json: false, speed: 120, port: 8787 });
  });

  test('accepts a speed, a port and JSON output', () => {
    expect(readOptions(['--speed', '60', '--port', '9000', '--json'], {})).toEqual({
      once: false,
      json: true,
      speed: 60,
      port: 9000,
    });
  });

  test('--once runs at speed 1, because it moves the clock itself, and uses any free ports', () => {
    expect(readOptions(['--once'], {})).toMatchObject({ once: true, speed: 1, port: 0 });
  });

  test.each(['--help', '-h'])('%s requests the help text', (option) => {
    expect(readOptions([option], {})).toBeUndefined();
  });
});

describe('--zoom', () => {
  test('uses a real Zoom, in real time, with the credentials of both apps from the environment', () => {
    expect(readOptions(['--zoom', 'https://zoom.us/'], { ...USER_APP, ...SERVER_APP })).toMatchObject({
      speed: 1,
      zoom: {
        oauthUrl: 'https://zoom.us',
        apiUrl: 'https://api.zoom.us',
        apps: {
          default: { client_id: 'user-id', client_secret: 'user-secret' },
          reports: { client_id: 'server-id', client_secret: 'server-secret', account_id: 'account' },
        },
      },
    });
  });

  test.each([
    ['a user app', USER_APP, ['default']],
    ['a Server-to-Server app', SERVER_APP, ['reports']],
  ])('accepts the credentials of %s alone', (_, environment, apps) => {
    expect(Object.keys(readOptions(['--zoom', 'https://zoom.us'], environment)?.zoom?.apps ?? {})).toEqual(
      apps,
    );
  });

  test('reads the API of another Zoom from the environment', () => {
    const environment = { ...USER_APP, ZOOM_API_URL: 'https://api.zoomgov.com' };
    expect(readOptions(['--zoom', 'https://zoomgov.com'], environment)?.zoom).toMatchObject({
      oauthUrl: 'https://zoomgov.com',
      apiUrl: 'https://api.zoomgov.com',
    });
  });
});

describe('the message for wrong arguments or variables names the mistake:', () => {
  const zoom = ['--zoom', 'https://zoom.us'];
  test.each<[string[], NodeJS.ProcessEnv, RegExp]>([
    [['--sped', '60'], {}, /Unknown option '--sped'/],
    [['once'], {}, /Unexpected argument 'once'/],
    [['--speed'], {}, /--speed/],
    [['--speed', 'fast'], {}, /^--speed must be a whole number from 1 to 600, not "fast"\.$/],
    [['--speed', '0'], {}, /^--speed must be .*, not "0"\.$/],
    [['--speed', '1.5'], {}, /^--speed must be .*, not "1\.5"\.$/],
    [['--speed', '601'], {}, /^--speed must be .*, not "601"\.$/],
    [['--speed', ''], {}, /^--speed must be .*, not ""\.$/],
    [['--port', '65531'], {}, /^--port must be a whole number from 0 to 65530, not "65531"\.$/],
    [['--port', '0x10'], {}, /^--port must be .*, not "0x10"\.$/],
    [
      ['--port', '5999'],
      {},
      /^--port 5999 cannot be used: browsers refuse to open port 6000, .* Choose another/,
    ],
    [[], { npm_config_once: 'true' }, /^npm took --once for itself\. .*: npm start -- --once$/],
    [['9000'], { npm_config_speed: '5' }, /^npm took --speed for itself\. /],
    [['9000'], { npm_config_port: 'true' }, /^npm took --port for itself\. .*: npm start -- --port <n>$/],
    [
      [],
      { npm_config_speed: '5', npm_config_json: 'true' },
      /^npm took --json, --speed for itself\. .*: npm start -- --json --speed 5$/,
    ],
    [['--port', 'http'], {}, /^--port must be .*, not "http"\.$/],
    [
      ['--zoom', 'zoom.us'],
      USER_APP,
      /^--zoom must be an https origin such as https:\/\/zoom\.us, not "zoom\.us"\.$/,
    ],
    [
      ['--zoom', 'http://zoom.us'],
      USER_APP,
      /^--zoom must be an https origin .*, not "http:\/\/zoom\.us"\.$/,
    ],
    [
      ['--once', '--speed', '5'],
      {},
      /^--speed cannot be used with --once, which moves the local clock instead of waiting\.$/,
    ],
    [
      [...zoom, '--once'],
      USER_APP,
      /^--once cannot be used with --zoom: it presses Allow by itself, which works only at the local Zoom\.$/,
    ],
    [[...zoom, '--speed', '2'], USER_APP, /^--speed cannot be used with --zoom/],
    [zoom, {}, /^--zoom needs the credentials of a Zoom app\. Set ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET/],
    [zoom, { ZOOM_CLIENT_ID: 'id' }, /^The environment variable ZOOM_CLIENT_SECRET is missing\. Set both/],
    [
      zoom,
      { ZOOM_CLIENT_SECRET: 'secret' },
      /^The environment variable ZOOM_CLIENT_ID is missing\. Set both/,
    ],
    [
      zoom,
      { ...SERVER_APP, ZOOM_S2S_CLIENT_ID: '' },
      /^The environment variable ZOOM_S2S_CLIENT_ID is missing\. Set both/,
    ],
    [
      zoom,
      { ...SERVER_APP, ZOOM_S2S_ACCOUNT_ID: '' },
      /^The environment variable ZOOM_S2S_ACCOUNT_ID is missing\. Set it to the account ID/,
    ],
  ])('%j', (args, environment, message) => {
    let error: unknown;
    try {
      readOptions(args, environment);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toMatch(message);
    expect((error as UsageError).message).not.toMatch(/server-secret|user-secret/);
  });
});
