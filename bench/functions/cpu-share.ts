import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Microseconds: a share of 0.29 runs for 29 ms in each tenth of a second. */
const PERIOD = 100_000;

/** Memory at which a function has a whole core, MB. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const CORE_MEGABYTES = 1769;

/** Returns the share of a core that Lambda gives a function with that memory. */
export const cpuShareOf = (megabytes: number): number => Math.min(1, megabytes / CORE_MEGABYTES);

/** The controllers of CPU time: where their groups are, and how each is limited. */
const CONTROLLERS = [
  { root: '/sys/fs/cgroup', file: 'cpu.max', quota: (micros: number) => `${micros} ${PERIOD}` },
  { root: '/sys/fs/cgroup/cpu', file: 'cpu.cfs_quota_us', quota: String },
] as const;

/** Limits a process and its threads to a share of one core. Returns what ends that; `undefined` where cgroups cannot be made. */
export function limitCpu(pid: number, share: number): (() => void) | undefined {
  for (const { root, file, quota } of CONTROLLERS) {
    if (!existsSync(join(root, 'cgroup.procs'))) continue;
    const group = join(root, `bench-${pid}`);
    try {
      mkdirSync(group);
      // The kernel makes the files of a group. Where the controller is missing, so is its file.
      if (existsSync(join(group, file))) {
        writeFileSync(join(group, file), quota(Math.round(share * PERIOD)));
        writeFileSync(join(group, 'cgroup.procs'), String(pid));
        return () => remove(group);
      }
    } catch {}
    remove(group);
  }
  return undefined;
}

/** A group that still has a process cannot be removed. An empty one costs nothing. */
function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {}
}
