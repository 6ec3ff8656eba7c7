import type { ComponentChildren, VNode } from 'preact'

interface Props {
  readonly id: string
  readonly title: string
  readonly note?: ComponentChildren
  readonly children: ComponentChildren
}

/** A part of a page, with its heading. */
export function Section({ id, title, note, children }: Props): VNode {
  return (
    <section class="section" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {note && <p class="lead">{note}</p>}
      {children}
    </section>
  )
}

/** A decision, shown by word, symbol and colour. */
export function Decided({
  decision,
}: {
  decision: 'fail' | 'pass' | 'inconclusive' | 'invalid' | 'running' | 'worse' | null
}): VNode {
  const name = decision ?? 'none'
  const words = {
    fail: '✕ fail',
    pass: '✓ pass',
    inconclusive: '– open',
    invalid: '! invalid',
    running: '… running',
    worse: '✕ made worse',
    none: 'not judged by itself',
  }
  return <span class={`decision ${name === 'worse' ? 'fail' : name}`}>{words[name]}</span>
}

/** A share as a small bar beside its number. */
export function Share({ value, name }: { value: number; name: string }): VNode {
  return (
    <svg class={`share ${name}`} width="64" height="8" aria-hidden="true">
      <rect class="track" width="64" height="8" rx="2" />
      <rect class="part" width={64 * Math.min(1, Math.max(0, value))} height="8" rx="2" />
    </svg>
  )
}
