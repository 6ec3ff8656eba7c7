/**
 * The items of a source, read ahead up to a number of bytes. If the source fails, the items before the failure still come first.
 * `leave` is called with items that nobody takes any more.
 */
export async function* ahead<T extends { readonly size: number }>(
  source: AsyncIterable<T>,
  mostBytes: number,
  leave: (item: T) => void,
): AsyncGenerator<T> {
  const ready: T[] = []
  let bytes = 0
  let failed: { readonly error: unknown } | undefined
  let isOver = false
  let isLeft = false
  let wakeTaker = (): void => {}
  let wakeReader = (): void => {}

  const read = async (): Promise<void> => {
    try {
      for await (const item of source) {
        if (isLeft) return leave(item)
        ready.push(item)
        bytes += item.size
        wakeTaker()
        while (bytes >= mostBytes && !isLeft)
          await new Promise<void>((resolve) => {
            wakeReader = resolve
          })
      }
    } catch (error) {
      failed = { error }
    } finally {
      isOver = true
      wakeTaker()
    }
  }

  void read()
  try {
    for (;;) {
      while (ready.length === 0 && !isOver)
        await new Promise<void>((resolve) => {
          wakeTaker = resolve
        })
      const item = ready.shift()
      if (item) {
        yield item
        bytes -= item.size
        wakeReader()
      } else if (failed) throw failed.error
      else return
    }
  } finally {
    isLeft = true
    wakeReader()
    ready.forEach(leave)
  }
}
