import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { sanitizeOutput, sanitizeText, sanitizeValue } from '../../../cli/terminal/sanitize.ts';
import { createCommandLine } from '../../support/cli/command-line.ts';
import { AWS, startAws } from '../../support/network/aws-server.ts';

const ESC = '\x1b';
const CSI = '\x9b';

describe('a text from elsewhere', () => {
  test.each([
    ['colors', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['hidden text', `${ESC}[8mshown`, 'shown'],
    ['a cleared screen', `a${ESC}[2J${ESC}[Hb`, 'ab'],
    ['a title of the window', `a${ESC}]0;title\x07b`, 'ab'],
    ['a hyperlink', `${ESC}]8;;https://evil.test${ESC}\\Zoom${ESC}]8;;${ESC}\\`, 'Zoom'],
    ['the C1 form of a sequence', `a${CSI}31mb`, 'ab'],
    ['an escape character alone', `a${ESC}b`, 'ab'],
    ['a bell, a backspace and DEL', 'a\x07\b\x7fb', 'ab'],
    ['a carriage return over the line', 'good\rbad', 'good bad'],
    ['a second line', 'one\n✖ two', 'one ✖ two'],
    ['an override of the direction', 'a\u202egnp.exe\u202c\u2066b\u2069', 'agnp.exeb'],
    ['marks of the direction', '\u200ea\u200f\u061cb', 'ab'],
    ['letters of other scripts and emoji', 'Zoë 会議 👩‍💻', 'Zoë 会議 👩‍💻'],
  ])('loses or keeps %s', (_, text, shown) => {
    expect(sanitizeText(text)).not.toMatch(new RegExp(`[${ESC}${CSI}\x07\r\n]`));
    expect(sanitizeText(text)).toBe(shown);
  });

  test('is sanitized in every string of a value, names of properties included', () => {
    expect(sanitizeValue({ [`a${ESC}[1m`]: [`b\x07`, { c: `d\u202e` }, 1, null, true] })).toEqual({
      a: ['b', { c: 'd' }, 1, null, true],
    });
  });
});

test('an output of the program keeps its styles and lines, and no other sequence', () => {
  expect(sanitizeOutput(`${ESC}[31m✖${ESC}[39m one\n  two\tthree${ESC}[2J${ESC}]0;x\x07\x9b1m\r`)).toBe(
    `${ESC}[31m✖${ESC}[39m one\n  two\tthree`,
  );
});

describe('the command line', () => {
  const EVIL = `${ESC}]0;owned\x07${ESC}[2J${ESC}[8mname${CSI}31m\u202e\r`;
  const VIEW = {
    connection: `main${EVIL}`,
    ...{ app: EVIL, grantType: 'authorization_code', status: 'misconfigured', generation: 1, version: 1 },
    ...{
      dueAt: 0,
      expiresAt: 0,
      validUntil: 0,
      consentedAt: 0,
      rotatedAt: 0,
      failures: 1,
      overlap: 'unknown',
    },
    lastError: {
      class: 'misconfigured',
      code: 'n8n_refused',
      message: `n8n: ${EVIL}`,
      action: `Do: ${EVIL}`,
      at: 0,
    },
    ...{ zoomUserId: EVIL, zoomAccountId: EVIL, secretName: EVIL, expression: EVIL },
    targets: [{ instance: EVIL, credentialId: EVIL, pushedVersion: 1 }],
  };
  const commandLine = createCommandLine(AWS);
  let aws: Awaited<ReturnType<typeof startAws>> | undefined;

  afterEach(() => aws?.close());
  afterAll(() => commandLine.close());

  async function respondWith(value: object): Promise<Record<string, string>> {
    aws = await startAws(undefined, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
    return { AWS_ENDPOINT_URL_LAMBDA: aws.url };
  }
  const statusOf = (view: object) =>
    respondWith({ ok: true, result: { now: 0, connections: [view], links: [] } });
  const FAILURE = { class: 'retry', code: 'n8n_refused', message: `no ${EVIL}`, action: `do ${EVIL}` };

  // Line feeds are the program's own.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must be missing
  const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

  test.each([[['status']], [['status', 'main']], [['n8n']]])(
    '%j prints no control character of an item into a pipe',
    async (args) => {
      const { stdout, stderr } = await commandLine.run(args, { env: await statusOf(VIEW) });
      expect(stdout).toContain('name');
      expect(stdout).not.toMatch(CONTROLS);
      expect(stderr).not.toMatch(CONTROLS);
    },
  );

  test('status prints no control character of an item to a terminal', async () => {
    const { raw } = await commandLine.onTerminal(['status'], await statusOf(VIEW)).ended;
    expect(raw).toContain('name');
    expect(raw).not.toContain('\x07');
    expect(raw).not.toContain(CSI);
    expect(raw).not.toContain(`${ESC}[8m`);
    expect(raw).not.toContain('\u202e');
  });

  test('an error prints no control character of the text that it quotes', async () => {
    const env = await respondWith({ ok: false, error: FAILURE });
    const { stderr } = await commandLine.run(['status'], { env });
    expect(stderr).toBe('✖ no name \n  do name \n');
  });

  test('--json escapes the control characters, and a program reads them unchanged', async () => {
    const { stdout } = await commandLine.run(['status', '--json'], { env: await statusOf(VIEW) });
    expect(stdout).not.toMatch(CONTROLS);
    expect(JSON.parse(stdout).connections[0].zoomUserId).toBe(EVIL);
  });

  test('an argument with control characters is quoted without them', async () => {
    const { stderr } = await commandLine.run([`sta${EVIL}`]);
    expect(stderr).toMatch(/^✖ Unknown command "staname ?"/);
    expect(stderr).not.toMatch(CONTROLS);
  });
});
