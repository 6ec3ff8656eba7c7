/**
 * All that processes which tests start have of this one's environment: where commands are, and modules that others have
 * compiled before them. What OpenTelemetry and Coalmine read there is the test's.
 */
export const inherited: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
}
