/** `npm run fuzz -- [--count 20000] [--seed 1]`: damaged model files, imported (test/fuzz). */
import { pathToFileURL } from 'node:url'
import { bundle } from './bundle.mjs'

await import(pathToFileURL(await bundle('test/fuzz/fuzz.ts')).href)
