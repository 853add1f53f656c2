import { defineConfig } from 'vitest/config'

/** Apart from the root configuration: packing takes a while, and wants a built program. */
export default defineConfig({
  test: {
    name: 'package',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['../fixtures/own-temporary.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
})
