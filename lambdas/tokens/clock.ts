/** Epoch seconds, an integer. */
export type Clock = () => number;
