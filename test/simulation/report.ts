import type { FaultRates } from './faults.ts';
import type { DeadSeconds } from './ledger.ts';

export interface SimulationOptions {
  days: number;
  connections: number;
  seed: number;
  /** Whether an earlier access token outlives a refresh at Zoom. */
  outlives: boolean;
  faults: FaultRates;
  /** Bundles into which the connections are divided; 0 for a secret of each. A member of each leaves and returns every day. */
  bundles?: number;
}

/** The outcome for the bundles. */
export interface BundleReport {
  bundles: number;
  /** The most versions of one bundle's secret within 24 hours. */
  mostVersions: number;
  /** Versions that the quota of Secrets Manager refused. */
  refused: number;
  /** Members that were disconnected, and those whose dead token had to stay until the bundle's next slot. */
  disconnections: number;
  waited: number;
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
  bundles?: BundleReport;
}

export function emptyReport({ faults: _, bundles = 0, ...options }: SimulationOptions): SimulationReport {
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
    ...(bundles > 0 && {
      bundles: { bundles, mostVersions: 0, refused: 0, disconnections: 0, waited: 0 },
    }),
  };
}
