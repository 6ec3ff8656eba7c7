// What is longer than this is nobody's to read, and many of them would not fit into a comment.
const [longestName, longestSentence] = [200, 600]

/**
 * A name from outside as code: nothing in it is Markdown, HTML, a link or a mention. In a table too, where a bar would begin a cell.
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
 * A sentence with names from outside as text that is read as it is: nothing in it is Markdown or HTML, and nobody is mentioned.
 *
 * @example prose('<b>@all</b> *') // '\\<b>@\u200ball\\</b> \\*'
 */
export function prose(sentence: string): string {
  return (
    cut(sentence, longestSentence)
      .replace(/[\\`*_[\]<#|~^$&]/g, '\\$&')
      // What would begin a list, a quotation or a line under a heading.
      .replace(/^[>+=-]/, '\\$&')
      .replace(/^(\d+)(?=[.)])/, '$1\\')
      // Mentions and references are found in what is shown, after backslashes are gone: a space of no width keeps them apart.
      .replace(/[@#!~%$&](?=[\w"])/g, '$&\u200b')
      .replace(/(:)(?=\/\/)|(www)(?=\.)/gi, '$&\u200b')
  )
}

// Letters are not cut in half.
function cut(text: string, most: number): string {
  const letters = [...text]
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`
}
