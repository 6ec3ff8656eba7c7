export { type CoalmineOptions, coalmine, coalmine as default } from './coalmine.ts'
