// The step of the action: watches a comparison, then tells of its verdict. Inputs come as environment variables, so that none is
// ever part of a command.
import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newGitHub } from './github.mjs'

const input = (name) => (process.env[`INPUT_${name}`] ?? '').trim()
const folder = mkdtempSync(join(process.env.RUNNER_TEMP || tmpdir(), 'coalmine-'))
const [verdictFile, commentFile] = [join(folder, 'verdict.json'), join(folder, 'comment.md')]

const outcomes = { pass: 'success', fail: 'failure', inconclusive: 'error', invalid: 'error' }
const usual = 'fail, invalid, inconclusive'
const failOn = (input('FAIL_ON') || usual).split(/[\s,]+/).filter(Boolean)
const unknown = failOn.find((one) => !(one in outcomes))
if (unknown !== undefined) {
  annotate('error', 'coalmine', `fail-on: expected some of ${Object.keys(outcomes).join(', ')}, got ${unknown}`)
  process.exit(64)
}

// Options that are not given are left to the configuration.
const options = Object.fromEntries(
  ['SERVICE', 'STABLE', 'CANARY', 'SERVER', 'TOKEN', 'FOR', 'WAIT', 'CONFIG', 'BASE_URL']
    .map((name) => [`COALMINE_${name}`, input(name)])
    .filter(([, value]) => value !== ''),
)
const [command, ...first] = (input('COMMAND') || 'npx --yes coalmine').split(/\s+/)

/** Runs coalmine; gives its exit code, and what it printed where that is asked for. */
function coalmine(args, stdout = 'inherit') {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], {
      env: { ...process.env, ...options },
      stdio: ['ignore', stdout, 'inherit'],
    })
    let text = ''
    child.stdout?.on('data', (some) => (text += some))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? 128, signal, text }))
    // A cancelled job is told so: the comparison goes on in the server.
    for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => child.kill(name))
  })
}

const { text } = await coalmine(['url'], 'pipe')
const url = text.trim()
const commit = input('SHA')
const github = newGitHub({
  api: process.env.GITHUB_API_URL || 'https://api.github.com',
  repository: process.env.GITHUB_REPOSITORY || '',
  token: input('GITHUB_TOKEN'),
  warn: (message) => annotate('warning', 'coalmine', message),
})
const tellStatus = (state, description) =>
  input('STATUS') && commit ? github.status(commit, { state, description, url, context: input('STATUS') }) : undefined
const tellDeployment = (state, description) =>
  input('DEPLOYMENT') ? github.deployment(input('DEPLOYMENT'), { state, description, url }) : undefined

await tellStatus('pending', `comparing ${input('CANARY')} with ${input('STABLE')}`)
await tellDeployment('in_progress', `comparing ${input('CANARY')} with ${input('STABLE')}`)
const { code } = await coalmine(['watch', '--format', 'json', '--output', verdictFile, '--label', `commit=${commit}`])

const verdict = read(verdictFile)
const outcome = verdict?.verdict ?? ''
const reason = verdict
  ? (verdict.reasons[0]?.message ?? '')
  : `coalmine watch ended with exit code ${code} and no verdict`
const line = `${(outcome || 'no verdict').toUpperCase()}: ${reason}`
output({ verdict: outcome, url, 'exit-code': String(code) })

let markdown = line
if (verdict && (await coalmine(['report', verdictFile, '--format', 'markdown', '--output', commentFile])).code === 0)
  markdown = readFileSync(commentFile, 'utf8')
if (url) markdown += `\n\n[The comparison](${url})\n`
if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, `${markdown}\n`)
if (outcome !== 'pass') annotate(failOn.includes(outcome) || !verdict ? 'error' : 'warning', 'coalmine', line)
if (input('COMMENT')) await github.comment(input('COMMENT'), `coalmine ${input('SERVICE')}`, markdown)
await tellStatus(outcomes[outcome] ?? 'error', line)
await tellDeployment(outcomes[outcome] ?? 'error', line)

// Without a verdict the step fails whatever it was told to fail on: a gate that cannot tell never says yes.
process.exitCode = !verdict ? code || 70 : failOn.includes(outcome) ? code || 1 : 0

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** As the runner reads lines: names in them come from spans, and spans come from anybody. */
function annotate(level, title, message) {
  const inText = (text) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const inProperty = (text) => inText(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  console.log(`::${level} title=${inProperty(title)}::${inText(message)}`)
}

function output(values) {
  const file = process.env.GITHUB_OUTPUT
  if (!file) return
  for (const [name, value] of Object.entries(values))
    appendFileSync(file, `${name}=${value.replaceAll(/[\r\n]/g, ' ')}\n`)
}
