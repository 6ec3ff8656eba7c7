import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface Props<Value> {
  readonly value: Value
  /** What else it is drawn from: a change of it, as by the reader's choice, is drawn at once. */
  readonly besides?: string
  readonly draw: (value: Value) => VNode | null
}

/**
 * What is drawn from a value: at first at once, and of each other value in a task of its own, after everything else that came with it. A
 * reader who scrolls or types meanwhile is answered in between. What is drawn already is not even compared.
 */
export function Later<Value>({ value, besides = '', draw }: Props<Value>): VNode | null {
  const [settled, setSettled] = useState(value)
  const drawn = useRef<{ readonly value: Value; readonly besides: string; readonly as: VNode | null } | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(() => value))
    return () => clearTimeout(timer)
  }, [value])
  if (!drawn.current || drawn.current.value !== settled || drawn.current.besides !== besides)
    drawn.current = { value: settled, besides, as: draw(settled) }
  return drawn.current.as
}
