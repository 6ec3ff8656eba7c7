import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface Props<Value> {
  readonly value: Value
  /** Other inputs of the drawing: a change of these, such as a choice of the reader's, is drawn at once. */
  readonly besides?: string
  readonly draw: (value: Value) => VNode | null
}

/**
 * Draws the first value at once, and each later value in a task of its own, after everything else that came with it, so that the page
 * can react to scrolling and typing in between. Parts that are already drawn are not compared again.
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
