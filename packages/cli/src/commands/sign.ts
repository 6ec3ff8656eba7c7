import { readFile } from 'node:fs/promises'
import type { SigningKey } from '@coalmine/marks'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { milliseconds } from '../options.ts'

// Only the types: just this command needs the module, and loads it on use.
type Marks = typeof import('@coalmine/marks')

interface SignOptions {
  readonly run: string
  readonly entity?: string
  readonly ttl: number
  readonly audience?: string
  readonly owner?: string
  readonly keyId?: string
  readonly keyFile?: string
  readonly format: keyof typeof formats
}

/** The marker in one line for each client: curl's configuration, k6's request parameters, Playwright's `use`. */
const formats = {
  header: (marker: string, { TEST_HEADER }: Marks) => `${TEST_HEADER}: ${marker}`,
  baggage: (marker: string, { TEST_MARKER }: Marks) => `baggage: ${TEST_MARKER}=${marker}`,
  curl: (marker: string, { TEST_HEADER }: Marks) => `header = "${TEST_HEADER}: ${marker}"`,
  k6: (marker: string, { TEST_HEADER }: Marks) => JSON.stringify({ headers: { [TEST_HEADER]: marker } }),
  playwright: (marker: string, { TEST_HEADER }: Marks) =>
    JSON.stringify({ extraHTTPHeaders: { [TEST_HEADER]: marker } }),
} as const

/** `coalmine sign`: creates a signed marker of test traffic, or a key for signing. */
export function signCommand(command: Command, io: Io): Command {
  return command
    .addOption(new Option('--run <name>', 'the test run, such as load-7').argParser(word).makeOptionMandatory())
    .addOption(new Option('--entity <kind:id>', 'the test entity, such as user:42').argParser(entity))
    .addOption(
      new Option('--owner <name>', 'who is responsible for the run, such as ana@shop.example')
        .argParser(word)
        .env('COALMINE_RUN_OWNER'),
    )
    .addOption(
      new Option('--ttl <time>', 'how long it is valid, at most 7d').argParser(ttl).default(10 * 60_000, '10m'),
    )
    .addOption(
      new Option('--audience <name>', 'the services that accept it, by their COALMINE_AUDIENCE')
        .argParser(word)
        .env('COALMINE_AUDIENCE'),
    )
    .addOption(new Option('--key-id <id>', 'the key to sign with, if there are several (default: the first)'))
    .addOption(new Option('--key-file <file>', 'a file with the key, instead of COALMINE_SIGNING_KEY'))
    .addOption(new Option('--format <format>', 'the line to print').choices(Object.keys(formats)).default('header'))
    .addHelpText(
      'after',
      `
The key is id:secret, as in the services' COALMINE_TEST_KEYS, and never an argument:
  export COALMINE_SIGNING_KEY=k1:$(openssl rand -hex 32)

Examples:
  curl -H "$(coalmine sign --entity user:42 --run load-7)" https://shop.example/cart
  coalmine sign --run load-7 --format curl | curl -K - https://shop.example/cart
  k6 run -e PARAMS="$(coalmine sign --run load-7 --ttl 1h --format k6)" load.js
      # in load.js: http.get(url, JSON.parse(__ENV.PARAMS))
  USE="$(coalmine sign --run e2e-3 --format playwright)" npx playwright test
      # in playwright.config.ts: use: JSON.parse(process.env.USE)`,
    )
    .action(async ({ run, entity, owner, ttl, audience, keyId, keyFile, format }: SignOptions) => {
      const marks = await import('@coalmine/marks')
      const key = await signingKey(keyFile, keyId, io.env['COALMINE_SIGNING_KEY'], marks)
      const marker = {
        run,
        expiresAt: Date.now() + ttl,
        ...(entity === undefined ? {} : { entity }),
        ...(audience === undefined ? {} : { audience }),
        ...(owner === undefined ? {} : { owner }),
      }
      try {
        io.stdout.write(`${formats[format](marks.signMarker(marker, key), marks)}\n`)
      } catch (error) {
        throw new CommandError('usage', (error as Error).message)
      }
    })
}

async function signingKey(
  file: string | undefined,
  id: string | undefined,
  variable: string | undefined,
  marks: Marks,
): Promise<SigningKey> {
  const source = file === undefined ? 'COALMINE_SIGNING_KEY' : `--key-file ${file}`
  const text = file === undefined ? variable : await read(file)
  if (!text)
    throw new CommandError('usage', 'no key to sign with: set COALMINE_SIGNING_KEY=id:secret, or give --key-file')
  const keys = parse(text, source, marks)
  const key = id === undefined ? keys[0] : keys.find((each) => each.id === id)
  if (key) return key
  throw new CommandError(
    'usage',
    `${source}: no key ${id ?? ''}; there are: ${keys.map((each) => each.id).join(', ') || 'none'}`,
  )
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      'usage',
      `--key-file ${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`,
    )
  })
}

function parse(text: string, source: string, { parseSigningKeys }: Marks): SigningKey[] {
  try {
    return parseSigningKeys(text, source)
  } catch (error) {
    throw new CommandError('usage', (error as Error).message)
  }
}

/** Both become span attributes, and entities are joined by commas there. */
function word(text: string): string {
  if (!/^[^\s,\p{C}]+$/u.test(text)) throw new InvalidArgumentError('Expected a name without spaces or commas.')
  return text
}

// Anyone who has a marker can use it until it expires, and no test runs longer than a week.
const longestTtlMs = 7 * 86_400_000

function ttl(text: string): number {
  const value = milliseconds(text)
  if (value <= longestTtlMs) return value
  throw new InvalidArgumentError('Expected a length of time of 7d at most, such as 10m.')
}

function entity(text: string): string {
  if (!/^[^\s,:\p{C}]+:[^\s,\p{C}]+$/u.test(text)) {
    throw new InvalidArgumentError('Expected kind:id, such as user:42 or cart:7.')
  }
  return text
}
