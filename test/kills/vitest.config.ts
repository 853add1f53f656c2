import { defineConfig } from 'vitest/config'

/** Apart from the root configuration: these take minutes, and measure while they have the machine to themselves. */
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
