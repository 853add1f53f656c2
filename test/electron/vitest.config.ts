import { defineConfig } from 'vitest/config'

/** The window in Electron itself: runs wherever its binary is, and says so where it is not. */
export default defineConfig({
  test: {
    name: 'electron',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
