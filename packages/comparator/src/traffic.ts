export const traffics = ['users', 'test', 'all'] as const

/** Whose requests are judged: those of users, of tests alone, or both, each operation apart by which of them it was. */
export type Traffic = (typeof traffics)[number]
