/** The values of `--scope`. */
export const comparedScopes = ['requests', 'downstream'] as const

/** What is compared: the requests that a service answers, or the calls it makes to databases and other services. */
export type ComparedScope = (typeof comparedScopes)[number]

/** The values of `--traffic`. */
export const traffics = ['users', 'test', 'all'] as const

/** Whose requests are judged: those of users, of tests, or both; with `all`, each operation is split by which it was. */
export type Traffic = (typeof traffics)[number]
