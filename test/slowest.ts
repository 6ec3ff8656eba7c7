import type { Reporter, TestModule } from 'vitest/node'

const shown = 10

/** Prints the ten files that took longest, of all projects, when many have run. */
export default class Slowest implements Reporter {
  /** Called by vitest when all files have run. */
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= shown) return
    const seconds = modules.map((module) => ({ module, seconds: secondsOf(module) }))
    const slowest = seconds.sort((a, b) => b.seconds - a.seconds).slice(0, shown)
    const lines = slowest.map(({ module, seconds }) => {
      return `${seconds.toFixed(1).padStart(8)} s  ${module.project.name}  ${module.relativeModuleId}`
    })
    console.log(`\nThe slowest of ${modules.length} files:\n${lines.join('\n')}\n`)
  }
}

/** What a file took: to import what it needs, and for its tests and hooks. */
function secondsOf(module: TestModule): number {
  const { collectDuration, setupDuration, duration } = module.diagnostic()
  return (collectDuration + setupDuration + duration) / 1000
}
