/** What a sender may make the server hold, and how long it may take. The manual lists them under "Run the server". */
export interface Limits {
  /** A request as it comes, and unpacked. */
  readonly requestBytes: number
  /** All requests that are under way together, as they come and unpacked. */
  readonly underWayBytes: number
  /** Connections of each protocol at once. */
  readonly connections: number
  /** The headers of a request, and the beginning of its body, must be there by then. */
  readonly patienceMs: number
  /** From then on a body must have come at this rate. */
  readonly leastBytesPerSecond: number
  /** An import that brings nothing for so long holds no ticks open any more. */
  readonly silenceMs: number
  /** Comparisons that run at once. */
  readonly comparisons: number
  /** Clients that follow comparisons at once. */
  readonly followers: number
}

/** The limits of a server that is told nothing else. */
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
