export { type LoadCounts, type LoadOptions, startLoad } from './load.ts'
export { type DemoServices, type DemoServicesOptions, startDemoServices } from './services.ts'
