import { describe, expect, test } from '@jest/globals';
import { readOptions, UsageError } from '../../local/options.ts';

const USER_APP = { ZOOM_CLIENT_ID: 'user-id', ZOOM_CLIENT_SECRET: 'user-secret' };
const SERVER_APP = {
  ZOOM_S2S_CLIENT_ID: 'server-id',
  ZOOM_S2S_CLIENT_SECRET: 'server-secret',
  ZOOM_S2S_ACCOUNT_ID: 'account',
};

describe('npm start', () => {
  test('runs 120 times as fast as time does, on port 8787', () => {
    expect(readOptions([], {})).toEqual({ once: false, json: false, speed: 120, port: 8787 });
  });

  test('takes another speed, another port and JSON', () => {
    expect(readOptions(['--speed', '60', '--port', '9000', '--json'], {})).toEqual({
      once: false,
      json: true,
      speed: 60,
      port: 9000,
    });
  });

  test('--once moves its clock itself, and takes any free ports', () => {
    expect(readOptions(['--once'], {})).toMatchObject({ once: true, speed: 1, port: 0 });
  });

  test.each(['--help', '-h'])('%s asks for the help text', (option) => {
    expect(readOptions([option], {})).toBeUndefined();
  });
});

describe('--zoom', () => {
  test('takes a real Zoom, in real time, with both apps from the environment', () => {
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
  ])('%s alone is enough', (_, environment, apps) => {
    expect(Object.keys(readOptions(['--zoom', 'https://zoom.us'], environment)?.zoom?.apps ?? {})).toEqual(
      apps,
    );
  });

  test('takes the API of another Zoom from the environment', () => {
    const environment = { ...USER_APP, ZOOM_API_URL: 'https://api.zoomgov.com' };
    expect(readOptions(['--zoom', 'https://zoomgov.com'], environment)?.zoom).toMatchObject({
      oauthUrl: 'https://zoomgov.com',
      apiUrl: 'https://api.zoomgov.com',
    });
  });
});

describe('what is wrong is said', () => {
  const zoom = ['--zoom', 'https://zoom.us'];
  test.each<[string[], NodeJS.ProcessEnv, RegExp]>([
    [['--sped', '60'], {}, /Unknown option '--sped'/],
    [['once'], {}, /Unexpected argument 'once'/],
    [['--speed'], {}, /--speed/],
    [['--speed', 'fast'], {}, /^--speed takes a whole number from 1 to 600, not "fast"\.$/],
    [['--speed', '0'], {}, /^--speed takes .*, not "0"\.$/],
    [['--speed', '1.5'], {}, /^--speed takes .*, not "1\.5"\.$/],
    [['--speed', '601'], {}, /^--speed takes .*, not "601"\.$/],
    [['--speed', ''], {}, /^--speed takes .*, not ""\.$/],
    [['--port', '65533'], {}, /^--port takes a whole number from 0 to 65531, not "65533"\.$/],
    [['--port', 'http'], {}, /^--port takes .*, not "http"\.$/],
    [
      ['--zoom', 'zoom.us'],
      USER_APP,
      /^--zoom takes an origin such as https:\/\/zoom\.us, not "zoom\.us"\.$/,
    ],
    [['--zoom', 'http://zoom.us'], USER_APP, /^--zoom takes an origin .*, not "http:\/\/zoom\.us"\.$/],
    [[...zoom, '--once'], USER_APP, /^--once presses Allow by itself, which only the local Zoom permits\.$/],
    [[...zoom, '--speed', '2'], USER_APP, /^--speed cannot hurry a real Zoom/],
    [zoom, {}, /^No credentials in the environment: set ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET/],
    [zoom, { ZOOM_CLIENT_ID: 'id' }, /^ZOOM_CLIENT_SECRET is missing in the environment\.$/],
    [zoom, { ZOOM_CLIENT_SECRET: 'secret' }, /^ZOOM_CLIENT_ID is missing in the environment\.$/],
    [zoom, { ...SERVER_APP, ZOOM_S2S_CLIENT_ID: '' }, /^ZOOM_S2S_CLIENT_ID is missing in the environment\.$/],
    [
      zoom,
      { ...SERVER_APP, ZOOM_S2S_ACCOUNT_ID: '' },
      /^ZOOM_S2S_ACCOUNT_ID is missing in the environment\.$/,
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
