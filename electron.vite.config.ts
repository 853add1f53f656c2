import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import { resolve } from 'node:path'

const here = (path: string) => resolve(import.meta.dirname, path)

/**
 * Five programs out of one tree. The target is Node 20, the oldest the command line supports: electron-vite
 * would pick Electron's Node, whose syntax Node 20 cannot parse.
 */
export default defineConfig({
  main: {
    build: {
      target: 'node20',
      outDir: 'out/main',
      externalizeDeps: true,
      rollupOptions: {
        input: {
          index: here('src-main/index.ts'),
          cli: here('src-main/cli/main.ts'),
          serve: here('src-main/serve/main.ts'),
          engine: here('src-main/engines/process/entry.ts'),
          loader: here('src-main/datasets/loading/thread.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: 'node20',
      outDir: 'out/preload',
      externalizeDeps: true,
      rollupOptions: { input: { preload: here('src-main/shell/preload.ts') }, output: { format: 'cjs' } },
    },
  },
  renderer: {
    root: here('src-renderer'),
    build: { outDir: here('out/renderer'), minify: true, rollupOptions: { input: here('src-renderer/index.html') } },
    plugins: [vue()],
  },
})
