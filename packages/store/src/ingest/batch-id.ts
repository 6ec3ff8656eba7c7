/** An id of what is written together. Several servers may close ticks of one cluster, so ids are drawn, not counted. */
export const newBatchId = (): string => crypto.getRandomValues(new BigUint64Array(1))[0]!.toString()
