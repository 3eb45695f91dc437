import { realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { quote } from './quote.ts';

const PROGRAM = 'zoom-tokens';

/** The options that choose an installation. A hint repeats them, so that it concerns the same one. */
export interface InstallationOptions {
  name?: string | undefined;
  profile?: string | undefined;
  region?: string | undefined;
}

/** The start of a word, also of one with a style, whose escape sequence ends with a letter. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a style
const START = /(?:(?<![\w/.-])|(?<=\x1b\[\d{1,2}m))/;

/** A command of this program in a text, as it is written in the source. */
const COMMAND = new RegExp(`${START.source}(?:npx )?zoom-tokens (?=[a-z<[-])`, 'g');

/** A command of the AWS CLI that acts in a Region: not one that signs in, which names its profile. */
const AWS_COMMAND = new RegExp(
  `${START.source}aws (?=(?:dynamodb|iam|kms|lambda|logs|scheduler|secretsmanager|sns) [a-z])`,
  'g',
);

/**
 * Returns a function that replaces the program in each command of a text by what works where this process was started:
 * `zoom-tokens` where the shell finds it, otherwise `npx zoom-tokens`, with the options that chose the installation. A
 * command of the AWS CLI gets the same profile and Region.
 */
export function createHints(options: InstallationOptions = {}): (text: string) => string {
  const passed = (names: string[]) =>
    Object.entries(options)
      .filter(([name, value]) => names.includes(name) && value !== undefined)
      .map(([name, value]) => ` --${name} ${quote(value)}`)
      .join('');
  const invocation = `${programName()}${passed(['name', 'profile', 'region'])} `;
  const aws = `aws${passed(['profile', 'region'])} `;
  return (text) => text.replace(COMMAND, () => invocation).replace(AWS_COMMAND, () => aws);
}

/** Returns what a person types to start this program. */
const programName = (): string => (isOnPath() ? PROGRAM : `npx ${PROGRAM}`);

/** Returns whether the shell's search path leads to this very program. `npx` adds folders to the path that end with it. */
function isOnPath(): boolean {
  const here = resolved(process.argv[1] ?? '');
  if (here === undefined) return false;
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.endsWith(join('node_modules', '.bin')))
    .flatMap((folder) => [
      join(folder, PROGRAM),
      // npm's launchers on Windows are no links, and stand beside the packages.
      ...(process.platform === 'win32'
        ? [join(folder, 'node_modules', 'zoom-token-refresher', 'bin', `${PROGRAM}.js`)]
        : []),
    ])
    .some((candidate) => resolved(candidate) === here);
}

/** Returns the folder of the program, without symbolic links. */
function resolved(path: string): string | undefined {
  try {
    return dirname(realpathSync(path));
  } catch {
    return undefined;
  }
}
