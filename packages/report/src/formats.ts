/** All output formats. */
export const verdictFormats = ['text', 'json', 'markdown', 'junit'] as const

/** The output formats for a verdict. */
export type VerdictFormat = (typeof verdictFormats)[number]
