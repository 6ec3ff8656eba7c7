// npm run soak [kills]: kill -9 under load, and what is left. Exit code 1 when a span was lost or counted twice.
import { soak } from './soak.ts'

const [kills = 50] = process.argv.slice(2).map(Number)
const { acknowledged, lost, stored, counted, late, closedTwice } = await soak(kills, (kill) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${kill} of ${kills}`)
})
if (process.stderr.isTTY) process.stderr.write('\r')
console.log(`${kills} kills: ${acknowledged} spans acknowledged, ${lost} of them lost`)
console.log(`${stored} distinct spans stored: ${counted} counted by ticks, ${late} told as late`)
console.log(`ticks closed more than once: ${closedTwice}`)
process.exitCode = lost === 0 && counted + late >= stored && counted <= stored && closedTwice === 0 ? 0 : 1
