import { z } from 'zod'

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A duration such as 30m, in milliseconds; at most seven days, the longest that a comparison runs. */
export const lengthOfTime: z.ZodType<number, string> = z.string().transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(value)
  const ms = match ? Number(match[1]) * unitMs[match[2] as keyof typeof unitMs] : Number.NaN
  if (ms > 0 && ms <= 7 * unitMs.d) return ms
  context.addIssue({
    code: 'custom',
    message: `expected a length of time such as 30m, of 7d at most, got ${JSON.stringify(value)}`,
  })
  return z.NEVER
})

/** A share above 0, up to 1, written as 10% or 0.1. */
export const share: z.ZodType<number, string | number> = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const text = String(value)
    const number = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
    if (text.trim() !== '' && number > 0 && number <= 1) return number
    context.addIssue({
      code: 'custom',
      message: `expected a share such as 10%, above 0% and up to 100%, got ${JSON.stringify(value)}`,
    })
    return z.NEVER
  })

/** A URL; part of it may be `$NAME`. */
export const httpUrl: z.ZodType<string, string> = z.string().transform((value, context) => {
  const url = URL.parse(value.replaceAll(/\$[A-Za-z_]\w*/g, '1'))
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (isHttp && url.username === '' && url.password === '') return value
  const hint = isHttp ? ' without a name and password' : ''
  context.addIssue({
    code: 'custom',
    message: `expected a URL such as https://example.com/move${hint}`,
  })
  return z.NEVER
})

/** A reference to a secret in the environment: `$NAME`. */
export const secret: z.ZodType<string, string> = z
  .string()
  .regex(
    /^\$[A-Za-z_]\w*$/,
    'expected $NAME, the variable of the environment that has the secret: it is not written here',
  )
