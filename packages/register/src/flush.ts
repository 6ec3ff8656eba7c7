/**
 * Exports what is still queued before the process ends: when it has nothing more to do, and on SIGTERM and SIGINT. An
 * application that handles those signals itself decides when to end; one that does not ends as it would have.
 */
export function flushAtExit(sdk: { flush(): Promise<void>; shutdown(): Promise<void> }): void {
  process.once('beforeExit', () => {
    sdk.shutdown().catch(complain)
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const onSignal = (): void => {
      const handled = process.listenerCount(signal) > 1
      if (handled) {
        sdk.flush().catch(complain)
        return
      }
      sdk
        .shutdown()
        .catch(complain)
        .finally(() => {
          process.off(signal, onSignal)
          process.kill(process.pid, signal)
        })
    }
    process.on(signal, onSignal)
  }
}

function complain(error: unknown): void {
  process.stderr.write(`@coalmine/register: the last spans were not exported: ${error}\n`)
}
