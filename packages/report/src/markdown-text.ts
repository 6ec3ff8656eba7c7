// Nobody reads anything longer than this, and many long texts would not fit into a comment.
const [longestName, longestSentence] = [200, 600]

/**
 * Formats an untrusted name as inline code, so that nothing in it acts as Markdown, HTML, a link or a mention. Bars are escaped
 * too, since in a table they would begin a cell.
 *
 * @example codeSpan('GET /a|b') // '`GET /a\\|b`'
 */
export function codeSpan(name: string): string {
  const text = cut(name, longestName).replaceAll('|', '\\|')
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const padding = longest > 0 || /^\s*$/.test(text) ? ' ' : ''
  return `${fence}${padding}${text}${padding}${fence}`
}

/**
 * Escapes a sentence with untrusted names in it, so that nothing acts as Markdown or HTML and nobody is mentioned.
 *
 * @example prose('<b>@all</b> *') // '\\<b>@\u200ball\\</b> \\*'
 */
export function prose(sentence: string): string {
  return (
    cut(sentence, longestSentence)
      .replace(/[\\`*_[\]<#|~^$&]/g, '\\$&')
      // Characters that would begin a list, a quotation or a heading's underline.
      .replace(/^[>+=-]/, '\\$&')
      .replace(/^(\d+)(?=[.)])/, '$1\\')
      // Mentions and references are detected after backslash escapes are removed: a zero-width space breaks them up.
      .replace(/[@#!~%$&](?=[\w"])/g, '$&\u200b')
      .replace(/(:)(?=\/\/)|(www)(?=\.)/gi, '$&\u200b')
  )
}

// Cuts between code points, never inside a surrogate pair.
function cut(text: string, most: number): string {
  const letters = [...text]
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`
}
