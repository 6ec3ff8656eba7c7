import { readFileSync } from 'node:fs'

/** A table of expected values that R or mpmath made: `tables('evidence')['wins']`. The scripts are beside them. */
export function tables<Tables>(name: 'evidence' | 'kayenta' | 'special-functions'): Tables {
  return JSON.parse(readFileSync(`${import.meta.dirname}/${name}.json`, 'utf8')) as Tables
}
