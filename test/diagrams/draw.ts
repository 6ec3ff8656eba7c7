import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagram, diagrams } from './diagrams.ts'

// Draws the diagrams of the documentation, each for light and for dark pages: npm run diagrams.
const folder = join(import.meta.dirname, '../../packages/cli/docs/images')

interface Ink {
  readonly text: string
  readonly muted: string
  readonly line: string
  readonly box: string
  readonly accent: string
}

const inks: Readonly<Record<'light' | 'dark', Ink>> = {
  light: { text: '#1f2328', muted: '#59636e', line: '#8c959f', box: '#f6f8fa', accent: '#0969da' },
  dark: { text: '#f0f6fc', muted: '#9198a1', line: '#6e7681', box: '#151b23', accent: '#4493f8' },
}

const lineHeight = 17
const head = 7

mkdirSync(folder, { recursive: true })
for (const diagram of diagrams)
  for (const [theme, ink] of Object.entries(inks))
    writeFileSync(join(folder, `${diagram.name}-${theme}.svg`), `${svgOf(diagram, ink)}\n`)

/** A diagram as an SVG file without a background, so that it lies on any page of its theme. */
function svgOf({ title, width, height, boxes, arrows, labels }: Diagram, ink: Ink): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13">`,
    `<title>${title}</title>`,
    `<defs><marker id="head" viewBox="0 0 8 8" refX="${head}" refY="4" markerWidth="${head}" markerHeight="${head}" orient="auto"><path d="M0 0 8 4 0 8z" fill="${ink.line}"/></marker></defs>`,
    ...arrows.map(
      (path) => `<path d="${path}" fill="none" stroke="${ink.line}" stroke-width="1.5" marker-end="url(#head)"/>`,
    ),
    ...boxes.flatMap(({ x, y, width, height, heading, lines = [], accent = false }) => {
      const top = y + (height - lineHeight * (lines.length + 1)) / 2 + 13
      const middle = x + width / 2
      return [
        `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${ink.box}" stroke="${accent ? ink.accent : ink.line}" stroke-width="${accent ? 2 : 1}"/>`,
        `<text x="${middle}" y="${top}" text-anchor="middle" font-weight="600" fill="${ink.text}">${heading}</text>`,
        ...lines.map(
          (line, index) =>
            `<text x="${middle}" y="${top + lineHeight * (index + 1)}" text-anchor="middle" fill="${ink.muted}" font-size="12">${line}</text>`,
        ),
      ]
    }),
    ...labels.map(
      ({ x, y, text }) =>
        `<text x="${x}" y="${y}" text-anchor="middle" font-size="12" fill="${ink.muted}">${text}</text>`,
    ),
    '</svg>',
  ].join('\n')
}
