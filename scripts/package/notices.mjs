/**
 * The licences of everything in a package that others wrote: `npm run notices` prints them, packing writes them to
 * out/THIRD-PARTY-NOTICES.txt. Found by what our sources import, and what that needs by the lockfile.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Imported, but no package of npm's that travels: Electron brings itself. */
const provided = new Set(['electron'])
/** Loaded by name at run time, which no import shows. */
const loaded = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-node-gpu',
  'onnxruntime-node',
]

/** Bare specifiers in the imports of a folder's sources, as package names. */
function importedBy(folder) {
  const names = new Set()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|vue)$/.test(entry.name)) continue
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
    for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*'((?:@[\w.-]+\/)?[\w][\w.-]*)[^']*'/g))
      if (!name.startsWith('node:')) names.add(name)
  }
  return names
}

/**
 * The packages of a packed Lupine: name, version, licence as SPDX has it, and their texts.
 * @param {string} root of the checkout, with node_modules
 * @returns {{ name: string, version: string, licence: string, author: string, texts: string[] }[]} by name
 */
export function thirdParties(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const known = new Set(Object.keys(lock))
  const allowed = packedNames(root)
  const taken = new Map()
  /** As Node resolves it: the nearest node_modules upwards. */
  const resolve = (from, name) => {
    for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const path = `${at ? `${at}/` : ''}node_modules/${name}`
      if (known.has(path)) return path
      if (!at) return undefined
      if (!at.includes('/node_modules/')) at = ''
    }
  }
  const walk = (path, keep) => {
    if (!path || taken.has(path) || !keep(path)) return
    const folder = join(root, path)
    if (!existsSync(join(folder, 'package.json'))) return
    taken.set(path, describe(folder))
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = lock[path]
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      walk(resolve(path, name), keep)
  }
  // The program's packages travel as they are; the page's are bundled into it.
  for (const name of [...importedBy(join(root, 'src-main')), ...loaded])
    if (!provided.has(name)) walk(resolve('', name), (path) => allowed(path.split('node_modules/').at(-1)))
  const isTool = (path) => /node_modules\/(@types\/|typescript$|vite$|@vitejs\/|@babel\/|@vue\/compiler)/.test(path)
  for (const name of importedBy(join(root, 'src-renderer'))) walk(resolve('', name), (path) => !isTool(path))
  const all = [...taken.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return all.filter(
    (one, i) => all.findIndex(({ name, version }) => name === one.name && version === one.version) === i,
  )
}

/** Whether electron-builder.yml lets a package of node_modules in. */
export function packedNames(root) {
  const text = readFileSync(join(root, 'electron-builder.yml'), 'utf8')
  const top = /'!node_modules\/!\(([^)]*)\)\/\*\*'/.exec(text)?.[1].split('|')
  const tensorflow = /'!node_modules\/@tensorflow\/!\(([^)]*)\)\/\*\*'/.exec(text)?.[1].split('|')
  if (!top || !tensorflow) throw new Error('electron-builder.yml has no allow-list of packages any more.')
  return (name) =>
    top.includes(name.split('/')[0]) && (!name.startsWith('@tensorflow/') || tensorflow.includes(name.split('/')[1]))
}

function describe(folder) {
  const { name, version, license, licenses, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const licence =
    typeof license === 'string' ? license : (license?.type ?? licenses?.map(({ type }) => type).join(' OR '))
  if (!licence) throw new Error(`${name} says no licence: look into it before it is packed.`)
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice|third.?party)/i.test(file))
    .flatMap((file) => {
      const path = join(folder, file)
      // A few have a folder of them.
      return statSync(path).isDirectory() ? readdirSync(path).map((inner) => join(path, inner)) : [path]
    })
    .map((path) => readFileSync(path, 'utf8').trim())
  const by = typeof author === 'string' ? author : (author?.name ?? '')
  return { name, version, licence, author: by, texts: texts.length > 0 ? texts : [standardText(licence, by)] }
}

/** For packages that name their licence and bring no text of it. */
function standardText(licence, author) {
  if (licence === 'MIT') return `Copyright (c) ${author || 'the authors'}\n\n${mit}`
  if (licence.includes('Apache-2.0'))
    return 'The text of the Apache License 2.0 is in the file LICENSE beside this one.'
  if (licence.startsWith('LGPL-3.0'))
    return 'The text: https://www.gnu.org/licenses/lgpl-3.0.txt. The package’s README lists what is in it.'
  throw new Error(`There is no text for ${licence}: add it to scripts/package/notices.mjs.`)
}

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

const line = '-'.repeat(80)

/** The notices as one text. */
export function notices(root) {
  const parts = thirdParties(root).map(({ name, version, licence, author, texts }) =>
    [line, `${name} ${version}`, `${licence}${author && `, ${author}`}`, '', ...texts].join('\n'),
  )
  const intro = `Lupine is licensed under the Apache License 2.0 (LICENSE). It contains the following software of others.
Electron and Chromium come with notices of their own (LICENSE.electron.txt, LICENSES.chromium.html). The library libvips
in @img/sharp-libvips is under the LGPL 3.0 or later; it is a shared library in a folder of its own and can be replaced.`
  return `${[intro, ...parts].join('\n\n')}\n`
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(notices(dirname(dirname(dirname(fileURLToPath(import.meta.url))))))
