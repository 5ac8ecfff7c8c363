import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './tests/longest-first.ts'

const minutes = (count: number) => count * 60_000

/** Clouds that end with their test must not stay in the ledgers of this host: no sweep could ask them. */
const ownState = { HARNESS_STATE_DIR: fileURLToPath(new URL('node_modules/.cache/test-state', import.meta.url)) }

/** `unit` needs nothing but Node; `live` needs what `harness doctor` lists and says in each skip what is missing. */
export default defineConfig({
  // Checks of users import the package by its name; here it is this tree.
  resolve: { alias: { 'harness/testing': fileURLToPath(new URL('src/testing/index.ts', import.meta.url)) } },
  test: {
    pool: 'forks',
    watch: false,
    env: { TZ: 'UTC' },
    // Tests wait for machines and deadlines more than they compute. Projects with one number share their workers.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    // Where nobody can try again by hand. The summary names what needed it.
    retry: process.env['CI'] ? 1 : 0,
    projects: [
      {
        extends: true,
        // A busy host is no failure.
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'src/**/*.test.ts'],
          testTimeout: minutes(1),
          env: ownState,
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['tests/conformance/**/*.test.ts'],
          env: ownState,
          testTimeout: minutes(3),
          hookTimeout: minutes(3),
        },
      },
      {
        extends: true,
        test: {
          name: 'live',
          include: ['tests/live/**/*.test.ts'],
          testTimeout: minutes(5),
          hookTimeout: minutes(10),
        },
      },
      {
        extends: true,
        test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], testTimeout: minutes(2), hookTimeout: minutes(4) },
      },
    ],
  },
})
