import { defineConfig } from 'vitest/config'

/** Apart from the root configuration, which has three minutes: each of these starts the built program dozens of times. */
export default defineConfig({
  test: {
    name: 'commands',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
