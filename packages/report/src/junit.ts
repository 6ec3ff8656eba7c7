import type { Finding, Verdict } from '@coalmine/comparator'
import { interval, metricText, value } from './format.ts'
import { printableData } from './printable.ts'

// A pipeline's page lists every test case, so their number is limited.
const mostCases = 500

/**
 * Formats a verdict as a JUnit report: the verdict is the first test case, followed by one for each finding. A FAIL is a failure,
 * an invalid verdict an error, and an inconclusive one is skipped.
 *
 * @example writeFileSync('coalmine.xml', verdictJunit(verdict))
 */
export function verdictJunit(untrusted: Verdict): string {
  const verdict = printableData(untrusted)
  const { service, window } = verdict
  const judged = verdict.findings.filter(({ gate }) => gate === 'on')
  const order = { fail: 0, inconclusive: 1, pass: 2 } as const
  const cases = [
    verdictCase(verdict),
    ...[...judged]
      .sort((one, other) => order[one.decision] - order[other.decision])
      .slice(0, mostCases)
      .map((finding) => findingCase(finding, service)),
  ]
  const counted = (kind: Case['kind']): number => cases.filter((one) => one.kind === kind).length
  const counts = `tests="${cases.length}" failures="${counted('failure')}" errors="${counted('error')}" skipped="${counted('skipped')}"`
  const suite = `${attribute('name', `coalmine ${service}`)} ${counts} ${attribute('timestamp', window.end)} time="${window.seconds}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="coalmine" ${counts} time="${window.seconds}">`,
    `  <testsuite ${suite}>`,
    ...cases.map((one) => caseText(one, service)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

interface Case {
  readonly name: string
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped'
  readonly message: string
  readonly text: string
}

function verdictCase({ verdict, reasons, cohorts }: Verdict): Case {
  const kind = ({ pass: 'passed', fail: 'failure', invalid: 'error', inconclusive: 'skipped' } as const)[verdict]
  const messages = reasons.map(({ message }) => message)
  const message = reasons.find(({ weight }) => weight !== 'note')?.message ?? messages[0] ?? ''
  return {
    name: `verdict: ${cohorts.canary.selector} against ${cohorts.stable.selector}`,
    kind,
    message: `${verdict.toUpperCase()}: ${message}`,
    text: messages.join('\n'),
  }
}

function findingCase(finding: Finding, service: string): Case {
  const { decision, operation, message, margin } = finding
  const numbers = [
    `stable ${value(finding, 'stable')}`,
    `canary ${value(finding, 'canary')}`,
    `change ${interval(finding)}`,
  ]
  return {
    name: `${metricText(finding)}: ${operation ?? service}`,
    kind: ({ pass: 'passed', fail: 'failure', inconclusive: 'skipped' } as const)[decision],
    message,
    text: `${[...numbers, `margin ${margin}`].join(', ')}`,
  }
}

function caseText({ name, kind, message, text }: Case, service: string): string {
  const open = `    <testcase ${attribute('classname', service)} ${attribute('name', name)}`
  if (kind === 'passed') return `${open}>\n      <system-out>${escaped(text)}</system-out>\n    </testcase>`
  const type = kind === 'skipped' ? '' : ` type="${kind === 'failure' ? 'fail' : 'invalid'}"`
  return `${open}>\n      <${kind} ${attribute('message', message)}${type}>${escaped(text)}</${kind}>\n    </testcase>`
}

const attribute = (name: string, text: string): string => `${name}="${escaped(text)}"`

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Escapes text for XML. Lone surrogates and noncharacters are not allowed in XML; control characters are already escaped by then. */
function escaped(text: string): string {
  return text.replace(/[\p{Cs}\ufffe\uffff]/gu, '\ufffd').replace(/[&<>"']/g, (letter) => entities[letter]!)
}
