import { hasHaproxy } from './haproxy.ts'
import { run } from './run.ts'

const { argv } = process
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
const { backMs } = await run({
  proxy: hasHaproxy() && !argv.includes('--own-proxy') ? 'haproxy' : 'own',
  kills: argv.includes('--kill'),
  say: (line) => console.log(line),
})
if (backMs !== null) console.log(`From the FAIL to the call that took the canary back: ${backMs} ms.`)
