import { defineConfig } from 'vitest/config'

/** Apart from the root configuration: a run killed two dozen times takes minutes. */
export default defineConfig({
  test: {
    name: 'kills',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
})
