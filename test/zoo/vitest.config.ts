import { defineConfig } from 'vitest/config'

/** Apart from the root configuration: minutes of work on files that users do not have. */
export default defineConfig({
  test: {
    name: 'zoo',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
  },
})
