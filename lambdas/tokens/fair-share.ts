/** Weight of the latest length in the moving average. */
const WEIGHT = 0.1;

type Speed = 'untried' | 'quick' | 'slow';

/** How much may be under way for one Zoom app or one n8n instance while others need the same slots. */
export interface FairShareOptions {
  /** An average above this is slow; milliseconds. */
  slowMilliseconds: number;
  most: Record<Speed, number>;
}

/** Counts what is under way for each name, and measures how long it takes. */
export interface FairShare {
  /** Returns whether as much is under way for `name` as its share allows. */
  isUsedUp(name: string): boolean;
  speed(name: string): Speed;
  begin(name: string): void;
  end(name: string, milliseconds: number): void;
}

export function createFairShare({ slowMilliseconds, most }: FairShareOptions): FairShare {
  const underWay = new Map<string, number>();
  const averages = new Map<string, number>();
  const count = (name: string) => underWay.get(name) ?? 0;
  const speed = (name: string): Speed => {
    const average = averages.get(name);
    if (average === undefined) return 'untried';
    return average > slowMilliseconds ? 'slow' : 'quick';
  };
  return {
    isUsedUp: (name) => count(name) >= most[speed(name)],
    speed,
    begin(name) {
      underWay.set(name, count(name) + 1);
    },
    end(name, milliseconds) {
      underWay.set(name, count(name) - 1);
      const average = averages.get(name) ?? milliseconds;
      averages.set(name, average + WEIGHT * (milliseconds - average));
    },
  };
}
