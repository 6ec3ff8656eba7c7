// The location of a store and the process that has it open. Kept apart so that importing it does not load the engine.

export { isRemote, shown } from './engine/address.ts'
export { progressOf } from './engine/lock.ts'
