import { readFileSync } from 'node:fs'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'

const validate = new Ajv2020({ allErrors: true, strict: true }).compile(
  JSON.parse(readFileSync(new URL('../verdict.schema.json', import.meta.url), 'utf8')),
)

/** Whether a verdict is as its published JSON Schema says: true, or what is not. */
export function conforms(verdict: unknown): true | ErrorObject[] {
  return validate(JSON.parse(JSON.stringify(verdict))) || validate.errors!
}
