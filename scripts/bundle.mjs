import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * A program of ours in TypeScript that is no part of the product (a benchmark, the fuzzer) as one JavaScript file.
 * @param {string} source its path, from the root of the checkout
 * @returns {Promise<string>} out/<its folder's name>/<its name>.mjs
 */
export async function bundle(source) {
  const outDir = join(root, 'out', basename(dirname(source)))
  const name = basename(source).replace(/\.ts$/, '.mjs')
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ...{ ssr: join(root, source), outDir, emptyOutDir: false, target: 'node20', minify: false },
      rollupOptions: { output: { entryFileNames: name } },
    },
  })
  return join(outDir, name)
}
