/**
 * The version of reducers and rules, raised with every change that gives a recording another state, another finding or
 * a snapshot of another form. Snapshots of another version are not read, and have to be taken again.
 */
export const REDUCER_VERSION = 9;
