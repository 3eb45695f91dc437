import { spawn } from 'node:child_process';

export interface CommandOptions {
  cwd?: string;
  env: NodeJS.ProcessEnv;
}

/**
 * How `cdk deploy` updates a stack. Its default is a change set. To compare that with the template, it loads its database of
 * all resource types, which takes a second of CPU time.
 */
export type DeployMethod = 'change-set' | 'direct';

const groups = new Set<number>();

/** Stops every program that `run` has started, and their child processes. */
export function stopCommands(): void {
  for (const group of groups) process.kill(-group);
}

/**
 * Runs a program to its end. Returns its output, stdout and stderr together.
 * @throws {Error} with the last lines of the output when the program fails or cannot be started
 */
export async function run(program: string, args: string[], { cwd, env }: CommandOptions): Promise<string> {
  const child = spawn(program, args, {
    ...(cwd && { cwd }),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  if (child.pid !== undefined) groups.add(child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (child.pid !== undefined) groups.delete(child.pid);
  if (status === 0) return output;
  const lastLines = output.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${program} ${args[0]} failed with status ${status}:\n${lastLines}`);
}
