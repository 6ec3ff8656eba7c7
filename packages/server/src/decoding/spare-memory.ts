/** Memory that is used again: making it anew for each piece of a file keeps the garbage collector busier than the decoder. */
export interface SpareMemory {
  /** Memory for a number of bytes, uninitialised. */
  readonly take: (bytes: number) => Buffer
  /** Memory that nobody uses any more. */
  readonly give: (memory: ArrayBuffer) => void
  readonly clear: () => void
}

const leastBytes = 1_000_000
const mostBytes = 64_000_000

/** None yet. Small memory is not kept, and of the rest not much. */
export function newSpareMemory(): SpareMemory {
  let spare: ArrayBuffer[] = []
  const heldBytes = (): number => spare.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return {
    take: (bytes) => {
      if (bytes < leastBytes) return Buffer.allocUnsafeSlow(bytes)
      const at = spare.findIndex(({ byteLength }) => byteLength >= bytes)
      // Rounded up, so that the next piece, which is about as large, fits in.
      const [memory] = at < 0 ? [newMemory(Math.ceil(bytes / leastBytes) * leastBytes)] : spare.splice(at, 1)
      return Buffer.from(memory!, 0, bytes)
    },
    give: (memory) => {
      if (memory.byteLength >= leastBytes && heldBytes() + memory.byteLength <= mostBytes) spare.push(memory)
    },
    clear: () => {
      spare = []
    },
  }
}

// Not `new ArrayBuffer`, whose bytes are zeroed first.
const newMemory = (bytes: number): ArrayBuffer => Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer
