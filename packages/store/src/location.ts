// Where a store is, and the process that has it open: without the engine and what reads it.

export { isRemote, shown } from './engine/address.ts'
export { progressOf } from './engine/lock.ts'
