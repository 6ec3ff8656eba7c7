import type { ComponentChildren, VNode } from 'preact'
import { useHere } from './data/place.ts'

/** A link to another page of this server, without loading it anew. */
export function Link({
  to,
  class: name,
  children,
}: {
  to: string
  class?: string
  children: ComponentChildren
}): VNode {
  const here = useHere()
  const go = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    here.go(to)
  }
  return (
    <a href={here.hrefOf(to)} class={name} onClick={go} aria-current={here.path === to ? 'page' : undefined}>
      {children}
    </a>
  )
}

/** Untrusted text, as a link if it is a web address, and never as anything executable. */
export function Linked({ text }: { text: string }): VNode {
  if (!/^https?:\/\/[^\s]+$/i.test(text)) return <>{text}</>
  return (
    <a href={text} rel="noreferrer noopener">
      {text}
    </a>
  )
}
