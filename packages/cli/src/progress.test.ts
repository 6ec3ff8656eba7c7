import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { progressTo } from './progress.ts'

it('tells a log what is new, and not the same line again', async () => {
  const written: string[] = []
  const log = new Writable({ decodeStrings: false, write: (line: string, _, done) => done(void written.push(line)) })
  const progress = progressTo(log, 500)
  const shown = (): readonly string[] => {
    for (const line of ['waiting', 'judged']) progress.show(line)
    return written
  }
  await expect.poll(shown).toEqual(['waiting\n', 'judged\n'])
})
