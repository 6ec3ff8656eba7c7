import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import Order from './test/order.ts'

// Unit tests read the packages' sources; end-to-end tests run what a user runs, the built files.
const sources = [
  { find: '@coalmine/flags/testing', replacement: `${import.meta.dirname}/packages/flags/src/testing/index.ts` },
  {
    find: /^@coalmine\/(comparator|flags|marks|report|server|store)\/(.+)$/,
    replacement: `${import.meta.dirname}/packages/$1/src/$2.ts`,
  },
  { find: /^@coalmine\/([a-z-]+)$/, replacement: `${import.meta.dirname}/packages/$1/src/index.ts` },
]

// What is true of the embedded engine is true of a ClickHouse server: these run again, over HTTP. They ask every question once.
const contract = ['imports', 'memory', 'read/*'].map((name) => `packages/store/src/${name}.test.ts`)

// Numbers in, numbers out: they share nothing that one could leave behind for the next, so they share a process.
const pure = ['stats', 'comparator', 'report', 'span-metrics']
  .map((name) => `packages/${name}/src/**/*.test.ts`)
  .concat('test/calibration/**/*.test.ts')

// Each file closes the stores that it opens, so they share a process, and with it the engine, which takes long to load.
const engine = ['store', 'server', 'cli'].map((name) => `packages/${name}/src/**/*.test.ts`)

// Deadlines are for what hangs. On a machine that others keep busy everything takes many times as long.
const patience = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 240_000, interval: 50 } },
}

export default defineConfig({
  test: {
    // Tests wait for processes that they start, for networks and for time: meanwhile another has the core.
    maxWorkers: availableParallelism() + 1,
    reporters: ['default', './test/slowest.ts'],
    sequence: { sequencer: Order },
    projects: [
      {
        resolve: { alias: sources },
        test: {
          ...patience,
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: [...pure, ...engine],
        },
      },
      {
        resolve: { alias: sources },
        test: { ...patience, name: 'pure', include: pure, isolate: false },
      },
      {
        resolve: { alias: sources },
        test: { ...patience, name: 'engine', include: engine, isolate: false },
      },
      {
        resolve: { alias: sources },
        test: {
          ...patience,
          name: 'contract',
          include: contract,
          isolate: false,
          env: { COALMINE_TEST_STORE: 'http' },
        },
      },
      {
        test: {
          ...patience,
          name: 'e2e',
          include: ['test/e2e/*.test.ts', 'examples/*/src/*.test.ts'],
          // What they start, and close, are processes and servers of their own: the runner's is shared.
          isolate: false,
          env: {
            // How long a process that is told to end may take to export its last spans.
            COALMINE_FLUSH_TIMEOUT: '100000',
            // Hundreds of processes read the same modules.
            NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/compiled`,
          },
        },
      },
      { test: { name: 'architecture', include: ['test/architecture.test.ts'] } },
    ],
  },
})
