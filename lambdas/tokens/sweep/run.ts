import type { SweepDependencies } from '../dependencies.ts';
import type { AppMonitor } from '../judgement/app-monitor.ts';
import type { Outcomes } from './outcomes.ts';

export interface SweepOptions {
  /** When the function will be stopped, epoch seconds. */
  deadline: number;
}

/** One sweep under way. */
export interface Run extends SweepOptions {
  deps: SweepDependencies;
  apps: AppMonitor;
  outcomes: Outcomes;
}
