/** Limits on what senders may make the server hold, and on their time. The manual lists them under "Run the server". */
export interface Limits {
  /** Size of a request, both as received and unpacked. */
  readonly requestBytes: number
  /** Total size of all requests in progress, as received and unpacked. */
  readonly underWayBytes: number
  /** Connections of each protocol at once. */
  readonly connections: number
  /** Time for the headers of a request, and for the beginning of its body. */
  readonly patienceMs: number
  /** The minimum rate of a body after that time. */
  readonly leastBytesPerSecond: number
  /** An import that is silent for this long no longer holds ticks open. */
  readonly silenceMs: number
  /** Comparisons running at once. */
  readonly comparisons: number
  /** Clients following comparisons at once. */
  readonly followers: number
}

/** The default limits. */
export const defaultLimits: Limits = {
  requestBytes: 16_000_000,
  underWayBytes: 128_000_000,
  connections: 2_000,
  patienceMs: 10_000,
  leastBytesPerSecond: 10_000,
  silenceMs: 30_000,
  comparisons: 200,
  followers: 500,
}
