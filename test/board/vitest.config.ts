import { defineConfig } from 'vitest/config'

/** Apart from the root configuration: boards that go away and come back take minutes. */
export default defineConfig({
  test: {
    name: 'board',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
})
