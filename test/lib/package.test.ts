import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ZoomTokenRefresher } from '../../lib/zoom-token-refresher.ts';

// Installs what a release publishes in another CDK app, which has aws-cdk-lib and constructs and none of this
// project's packages.

const ROOT = resolve(import.meta.dirname, '../..');
const app = mkdtempSync(join(tmpdir(), 'embedding-app-'));
const installed = join(app, 'node_modules/zoom-token-refresher');

/** Statement of the other app that creates the construct. */
const ONE = `new ZoomTokenRefresher(stack, 'Zoom', { name: 'zoom', alarmEmail: 'us@example.com' });`;

let tarball: string;

beforeAll(() => {
  // A build of an earlier run would hide that the options make none.
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  run('npm', ['pack', ...releaseOptions(), '--pack-destination', app], ROOT);
  tarball = join(app, readdirSync(app).find((name) => name.endsWith('.tgz')) ?? '');
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], app);
  mkdirSync(join(app, 'node_modules/@types'));
  for (const name of ['aws-cdk-lib', 'constructs', '@types/node']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }
});

afterAll(() => rmSync(app, { recursive: true }));

describe('the package', () => {
  test('holds the compiled construct, the bundles, the command line and the documents, but no source and no test', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/lib/zoom-token-refresher.js',
        'dist/lib/zoom-token-refresher.d.ts',
        'dist/zoom-tokens.js',
        'bin/zoom-tokens.js',
        'docs/runbook.md',
      ]),
    );
    expect(files.filter((name) => name.endsWith('index.mjs')).sort()).toEqual(
      ['callback', 'operator', 'rotate'].map((task) => `dist/functions/${task}/index.mjs`),
    );
    // The README refers to the settings in their source.
    const settings = ['lib', 'lib/settings', 'lib/settings/props.ts'];
    expect(
      files
        .filter((name) => /^(lambdas|lib|local|test|bench)\b|(?<!\.d)\.ts$/.test(name))
        .filter((name) => !settings.includes(name)),
    ).toEqual([]);
  });

  test('holds every file that its README links', () => {
    const readme = readFileSync(join(installed, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, file = '']) => file);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((file) => !existsSync(join(installed, file)))).toEqual([]);
  });

  test('is built by an installation from git, in which npm runs "prepare" and not "prepack"', () => {
    const { scripts } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(scripts).toMatchObject({ prepare: 'npm run build' });
  });

  test('names the oldest Node with which its command line starts', () => {
    const { engines } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const launcher = readFileSync(join(installed, 'bin/zoom-tokens.js'), 'utf8');
    expect(launcher).toContain(`needs Node ${engines.node.replace('>=', '')} or later`);
  });

  test('depends on the CDK alone, not on esbuild or the AWS SDK', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(manifest.dependencies).toBeUndefined();
    expect(Object.keys(manifest.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
  });

  test('documents every property in its type declarations', () => {
    const types = readFileSync(join(installed, 'dist/lib/settings/props.d.ts'), 'utf8');
    const properties = types.match(/^ {4}readonly \w+\?:/gm) ?? [];
    expect(properties.length).toBeGreaterThan(20);
    expect(types.match(/@default .*\n {5}\*\/\n {4}readonly/g)).toHaveLength(properties.length);
  });
});

describe('the command line in the package', () => {
  const packaged = (argument: string, env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [join(installed, 'bin/zoom-tokens.js'), argument], {
      cwd: app,
      encoding: 'utf8',
      env,
    });

  test('prints the same version and help as the checkout', () => {
    const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(packaged('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    const here = spawnSync(process.execPath, [join(ROOT, 'bin/zoom-tokens.ts'), '--help'], {
      encoding: 'utf8',
      env: {},
    });
    expect(packaged('--help')).toMatchObject({ status: 0, stdout: here.stdout, stderr: '' });
  });

  test('starts as npx zoom-tokens where only the package is installed, without the CDK', () => {
    const folder = mkdtempSync(join(tmpdir(), 'empty-folder-'));
    try {
      run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], folder);
      expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
        'zoom-token-refresher',
      ]);
      const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
      // --offline: npx must not ask the registry for a package of this name.
      const npx = spawnSync('npx', ['--offline', 'zoom-tokens', '--version'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(npx).toMatchObject({ status: 0, stdout: `${version}\n` });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('sends requests to AWS without any installed package', () => {
    // Nothing listens on port 9.
    const unreachable = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_REGION: 'eu-west-1' };
    const { stderr } = packaged('status', {
      ...unreachable,
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
    });
    expect(stderr).toContain('AWS is unreachable (ECONNREFUSED)');
  });
});

describe('a CDK app in JavaScript', () => {
  test.each([
    [
      'modules',
      'app.mjs',
      "import { App, Stack } from 'aws-cdk-lib';\nimport { ZoomTokenRefresher } from 'zoom-token-refresher';",
    ],
    [
      'CommonJS',
      'app.cjs',
      "const { App, Stack } = require('aws-cdk-lib');\nconst { ZoomTokenRefresher } = require('zoom-token-refresher');",
    ],
  ])('as %s synthesizes the same template as a checkout, with the same bundles', (kind, file, imports) => {
    const outdir = join(app, kind);
    synth(file, `${imports}\n${inStack(outdir, ONE)}`);
    const theirs = JSON.parse(readFileSync(join(outdir, 'Theirs.template.json'), 'utf8'));
    const { stack } = checkout();
    expect(theirs).toEqual(Template.fromStack(stack).toJSON());
  });

  test('may have two installations in one stack, under two names', () => {
    const outdir = join(app, 'two');
    const two = `${ONE} new ZoomTokenRefresher(stack, 'Staging', { name: 'staging' });`;
    synth('two.mjs', `${IMPORTS}\n${inStack(outdir, two)}`);
    const { Resources } = JSON.parse(readFileSync(join(outdir, 'Theirs.template.json'), 'utf8'));
    const functions = Object.values<{ Type: string; Properties: { FunctionName: string } }>(Resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(({ Properties }) => Properties.FunctionName);
    expect(functions.sort()).toEqual(
      ['staging', 'zoom'].flatMap((name) =>
        ['callback', 'operator', 'rotate'].map((task) => `${name}-${task}`),
      ),
    );
  });

  test('gets an error that names the invalid property', () => {
    const wrong = `new ZoomTokenRefresher(stack, 'Zoom', { sweepRateMinutes: 60 });`;
    writeFileSync(join(app, 'wrong.mjs'), `${IMPORTS}\n${inStack(join(app, 'wrong'), wrong)}`);
    const { status, stderr } = spawnSync(process.execPath, ['wrong.mjs'], { cwd: app, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('"sweepRateMinutes" must be a whole number from 1 to 5, but it is 60.\n');
  });
});

describe('a CDK app in TypeScript', () => {
  test.each(['nodenext', 'bundler'])(
    'finds the types (%s), which reject an unknown property and a value of another type',
    (moduleResolution) => {
      writeFileSync(
        join(app, 'typed.mts'),
        `${IMPORTS}
import type { ZoomTokenRefresherProps } from 'zoom-token-refresher';
const stack = new Stack(new App(), 'Theirs');
const props: ZoomTokenRefresherProps = { name: 'zoom', apps: ['reports'], encryption: 'customer' };
const refresher = new ZoomTokenRefresher(stack, 'Zoom', props);
export const url: string = refresher.callbackUrl;
refresher.alarmTopic.topicArn.toUpperCase();
// @ts-expect-error
new ZoomTokenRefresher(stack, 'Misspelt', { alarmMail: 'us@example.com' });
// @ts-expect-error
new ZoomTokenRefresher(stack, 'Wrong', { sweepRateMinutes: '1' });
`,
      );
      const module = moduleResolution === 'nodenext' ? 'nodenext' : 'esnext';
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', '--target', 'es2022'];
      const checked = spawnSync(
        join(ROOT, 'node_modules/.bin/tsc'),
        [...options, '--module', module, '--moduleResolution', moduleResolution, 'typed.mts'],
        { cwd: app, encoding: 'utf8' },
      );
      expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
    },
  );
});

// Skips the validation of the template, which takes seconds; `npm run synth` does it.
const QUICKLY = { builtinCloudFormationValidation: false };

const IMPORTS = `import { App, Stack } from 'aws-cdk-lib';
import { ZoomTokenRefresher } from 'zoom-token-refresher';`;

function inStack(outdir: string, constructs: string): string {
  return `const app = new App(${JSON.stringify({ outdir, ...QUICKLY })});
const stack = new Stack(app, 'Theirs');
${constructs}
app.synth();
`;
}

function synth(file: string, source: string): void {
  writeFileSync(join(app, file), source);
  run(process.execPath, [file], app);
}

/** Returns the same stack, from the sources of this checkout. */
function checkout(): { stack: Stack } {
  const stack = new Stack(new App({ outdir: join(app, 'checkout'), ...QUICKLY }), 'Theirs');
  new ZoomTokenRefresher(stack, 'Zoom', { name: 'zoom', alarmEmail: 'us@example.com' });
  return { stack };
}

/** Returns the options with which the release publishes. `npm pack` makes what `npm publish` with the same options does. */
function releaseOptions(): string[] {
  const workflow = readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8');
  return /run: npm publish(.*)$/m.exec(workflow)?.[1]?.split(' ').filter(Boolean) ?? [];
}

function run(program: string, args: string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}
