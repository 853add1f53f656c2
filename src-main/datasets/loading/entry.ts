import { fileURLToPath } from 'node:url'

/**
 * The loader thread's program, out/main/loader.js: beside the built files, whichever of them this module ended up in;
 * from sources (tests) the built tree of the same checkout. In a package it lies outside the archive, from which
 * threads cannot start.
 */
export function threadEntry(here = import.meta.url): string {
  const built = /\/out\/.*$/.test(here)
    ? new URL('loader.js', here.replace(/\/out\/.*$/, '/out/main/'))
    : new URL('../../../out/main/loader.js', here)
  return fileURLToPath(built).replace(/app\.asar(?=[/\\])/, 'app.asar.unpacked')
}
