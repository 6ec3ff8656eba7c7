/** An id for rows that are written together. It is random, because several servers may close the ticks of one cluster. */
export const newBatchId = (): string => crypto.getRandomValues(new BigUint64Array(1))[0]!.toString()
