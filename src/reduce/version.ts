/**
 * What the reducers and the rules make of a recording, as a number: raised with every change that makes a state, a
 * finding or the form of a snapshot another. Snapshots of another version are not read; whoever has them makes them
 * again.
 */
export const REDUCER_VERSION = 8;
