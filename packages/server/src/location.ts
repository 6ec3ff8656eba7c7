// Where a store is, and the process that has it open: without the server and its store.

export { isRemote, progressOf, shown } from '@coalmine/store/location'
export { findServer, type Owner } from './owner.ts'
