import type { FaultRates } from './faults.ts';
import type { DeadSeconds } from './ledger.ts';

export interface SimulationOptions {
  days: number;
  connections: number;
  seed: number;
  /** Does an earlier access token outlive a refresh at Zoom? */
  outlives: boolean;
  faults: FaultRates;
}

/** Why a connection was lost. All but the last are the unavoidable window. */
export type Loss =
  | 'Zoom’s answer was lost'
  | 'killed between the answer and the commit'
  | 'the store was down from the answer to the deadline'
  | 'avoidable';

export interface SimulationReport {
  days: number;
  connections: number;
  seed: number;
  outlives: boolean;
  rotations: number;
  /** Sweeps that had something due; the others were skipped. */
  sweeps: number;
  faults: Record<
    'outages' | 'outageMinutes' | 'failedCalls' | 'lostAnswers' | 'kills' | 'duplicates' | 'deployments',
    number
  >;
  /** Refresh requests for one connection under way at once, at most. */
  mostInFlight: number;
  lost: Record<Loss, number>;
  dead: DeadSeconds[];
}

export function emptyReport({ faults: _, ...options }: SimulationOptions): SimulationReport {
  return {
    ...options,
    rotations: 0,
    sweeps: 0,
    faults: {
      outages: 0,
      outageMinutes: 0,
      failedCalls: 0,
      lostAnswers: 0,
      kills: 0,
      duplicates: 0,
      deployments: 0,
    },
    mostInFlight: 0,
    lost: {
      'Zoom’s answer was lost': 0,
      'killed between the answer and the commit': 0,
      'the store was down from the answer to the deadline': 0,
      avoidable: 0,
    },
    dead: [],
  };
}
