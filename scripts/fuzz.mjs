/** `npm run fuzz -- [--count 20000] [--seed 1]`: damaged model files, imported (test/fuzz). */
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const outDir = join(root, 'out', 'fuzz')
await build({
  configFile: false,
  root,
  logLevel: 'error',
  build: {
    ...{ ssr: join(root, 'test/fuzz/fuzz.ts'), outDir, emptyOutDir: false, target: 'node20', minify: false },
    rollupOptions: { output: { entryFileNames: 'fuzz.mjs' } },
  },
})
await import(pathToFileURL(join(outDir, 'fuzz.mjs')).href)
