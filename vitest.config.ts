import vue from '@vitejs/plugin-vue'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const electronStandIn = fileURLToPath(new URL('./test/fixtures/electron.ts', import.meta.url))

/** `import 'electron'` in plain Node starts a download, so tests get a stand-in. */
const resolve = { alias: { electron: electronStandIn } }

export default defineConfig({
  test: {
    // All cores: vitest leaves one of two idle.
    maxWorkers: availableParallelism(),
    globalSetup: ['test/fixtures/own-temporary.ts'],
    projects: [
      // Core is pure: its files can share one load of it, which takes longer than their tests.
      {
        resolve,
        test: { name: 'core', include: ['test/unit/core/**/*.test.ts'], isolate: false, testTimeout: 20_000 },
      },
      {
        resolve,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude: ['test/unit/core/**'],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [vue()],
        resolve,
        test: { name: 'component', include: ['test/component/**/*.test.ts'], environment: 'happy-dom' },
      },
      {
        resolve,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Most of a test's time is one thread's: loading, surgery, files.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
