import type { FaultRates } from './faults.ts';
import type { DeadSeconds } from './ledger.ts';

export interface SimulationOptions {
  days: number;
  connections: number;
  seed: number;
  /** Whether an earlier access token outlives a refresh at Zoom. */
  outlives: boolean;
  faults: FaultRates;
}

/** Why a connection was lost. All reasons but the last are unavoidable. */
export type Loss =
  | 'Zoom’s response was lost'
  | 'killed between the response and the commit'
  | 'the store was down from the response to the deadline'
  | 'avoidable';

export interface SimulationReport {
  days: number;
  connections: number;
  seed: number;
  outlives: boolean;
  rotations: number;
  /** Sweeps that had a due connection; the others were skipped. */
  sweeps: number;
  faults: Record<
    'outages' | 'outageMinutes' | 'failedCalls' | 'lostResponses' | 'kills' | 'duplicates' | 'deployments',
    number
  >;
  /** The most refresh requests for one connection that were under way at once. */
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
      lostResponses: 0,
      kills: 0,
      duplicates: 0,
      deployments: 0,
    },
    mostInFlight: 0,
    lost: {
      'Zoom’s response was lost': 0,
      'killed between the response and the commit': 0,
      'the store was down from the response to the deadline': 0,
      avoidable: 0,
    },
    dead: [],
  };
}
