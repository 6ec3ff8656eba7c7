// npm run soak [kills] [minutes]: kill -9 under load, and what is left; then twice what the server takes, with comparisons, slow
// senders and requests that are out to do harm, and SIGTERM in the middle. Exit code 1 when a span was lost or counted twice,
// memory grew, or health came late.
import { overload } from './overload.ts'
import { soak } from './soak.ts'

const [kills = 50, minutes = 10] = process.argv.slice(2).map(Number)
const { acknowledged, lost, stored, counted, late, closedTwice } = await soak(kills, (kill) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${kill} of ${kills}`)
})
if (process.stderr.isTTY) process.stderr.write('\r')
console.log(`${kills} kills: ${acknowledged} spans acknowledged, ${lost} of them lost`)
console.log(`${stored} distinct spans stored: ${counted} counted by ticks, ${late} told as late`)
console.log(`ticks closed more than once: ${closedTwice}`)
const held = await overload({ seconds: minutes * 60, senders: 32, comparisons: 20, slowSenders: 8 })
console.log(`${minutes} min of overload: ${JSON.stringify(held)}`)
const isSound = lost === 0 && counted + late >= stored && counted <= stored && closedTwice === 0
const isHeld =
  held.lost === 0 && held.exit.code === 0 && held.slowestHealthMs < 1_000 && held.mostMb <= 1.1 * held.settledMb
process.exitCode = isSound && isHeld ? 0 : 1
