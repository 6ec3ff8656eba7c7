import type { ComponentChildren, VNode } from 'preact'

/** A container for content that may be wider than the page. It scrolls separately, from the keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }): VNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached from the keyboard
    <section class="scroll" tabIndex={0} aria-label={`Table: ${label}`}>
      {children}
    </section>
  )
}
