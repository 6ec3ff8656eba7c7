/** A thread that looks at a server while others load it: their own work would hold up what it measures. */
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

/** What it is told. */
export interface Watched {
  readonly url: string
  readonly pid: number
}

/** What it sees: how long health took to answer, and how much memory the server has. */
export interface Look {
  readonly healthMs: number
  readonly memoryMb: number
}

const { url, pid } = workerData as Watched

for (;;) {
  const asked = performance.now()
  const answered = await fetch(`${url}/healthz`).then(
    (response) => response.arrayBuffer(),
    () => undefined,
  )
  if (answered) parentPort!.postMessage({ healthMs: performance.now() - asked, memoryMb: await residentMb() })
  await setTimeout(200)
}

async function residentMb(): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024)
}
