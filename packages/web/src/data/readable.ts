import { type ComponentChildren, options, type VNode } from 'preact'

// Embeddings, overrides and isolates reverse the text after them; control characters hide some of it.
const unseen = /[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g

/**
 * Replaces characters that change how the surrounding text is read by their code numbers.
 *
 * @example readable('GET /\u202etrac') // 'GET /\\u202etrac'
 */
export function readable(text: string): string {
  return text.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Makes every text of the page readable, because anybody may have sent it. */
export function makeAllReadable(): void {
  const before = options.vnode
  options.vnode = (vnode: VNode) => {
    const props = vnode.props as { children?: ComponentChildren }
    const { children } = props
    if (typeof children === 'string') props.children = readable(children)
    else if (Array.isArray(children) && children.some((one) => typeof one === 'string' && readable(one) !== one))
      props.children = children.map((one) => (typeof one === 'string' ? readable(one) : one))
    before?.(vnode)
  }
}
