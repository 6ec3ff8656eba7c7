import { readFileSync } from 'node:fs'

/** A table of expected values that R, SciPy or mpmath made: `tables('evidence')['wins']`. The scripts are beside them. */
export function tables<Tables>(
  name:
    | 'between-groups'
    | 'evidence'
    | 'factorial'
    | 'fixed'
    | 'kayenta'
    | 'permutation'
    | 'rate-interval'
    | 'sequential'
    | 'special-functions'
    | 'units',
): Tables {
  return JSON.parse(readFileSync(`${import.meta.dirname}/${name}.json`, 'utf8')) as Tables
}
