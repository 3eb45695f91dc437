import { setImmediate as nextTurn } from 'node:timers/promises';

interface Timer {
  at: number;
  order: number;
  fire: () => void;
}

/** How often an empty schedule is looked at again: WebCrypto answers from Node's thread pool. */
const MOST_IDLE_TURNS = 10_000;

/** A clock that jumps from one timer to the next, once everything else has come to rest. Seconds. */
export class VirtualTime {
  now: number;
  #order = 0;
  /** A binary heap, the earliest first. */
  readonly #timers: Timer[] = [];

  constructor(now: number) {
    this.now = now;
  }

  readonly sleep = (seconds: number): Promise<void> =>
    new Promise((fire) => this.#push({ at: this.now + seconds, order: this.#order++, fire }));

  /** Runs `work` to its end while time passes as its timers demand. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let isDone = false;
    const running = work().finally(() => {
      isDone = true;
    });
    running.catch(() => {});
    for (let idle = 0; !isDone; ) {
      await nextTurn();
      if (isDone) break;
      const timer = this.#pop();
      if (timer) {
        idle = 0;
        this.now = Math.max(this.now, timer.at);
        timer.fire();
      } else if (++idle > MOST_IDLE_TURNS)
        throw new Error('nothing is scheduled, and the work has not ended');
    }
    return running;
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    heap.push(timer);
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child] as Timer, heap[parent] as Timer)) return;
      [heap[child], heap[parent]] = [heap[parent] as Timer, heap[child] as Timer];
      child = parent;
    }
  }

  #pop(): Timer | undefined {
    const heap = this.#timers;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    heap[0] = last;
    for (let parent = 0; ; ) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      let least = parent;
      if (left < heap.length && isBefore(heap[left] as Timer, heap[least] as Timer)) least = left;
      if (right < heap.length && isBefore(heap[right] as Timer, heap[least] as Timer)) least = right;
      if (least === parent) return first;
      [heap[least], heap[parent]] = [heap[parent] as Timer, heap[least] as Timer];
      parent = least;
    }
  }
}

const isBefore = (a: Timer, b: Timer) => a.at < b.at || (a.at === b.at && a.order < b.order);
