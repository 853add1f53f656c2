/**
 * Who may import what, as data, and the ESLint rule that holds everyone to it. The folders' READMEs say the same in
 * words; where they differ, this is what counts.
 *
 * @typedef {object} House
 * @property {string} folder the folder the rule is for
 * @property {string[]} may folders and files of this repository it may import from, besides itself
 * @property {(name: string) => boolean} packages whether it may import a package (or 'node:…')
 * @property {string} reason why
 */
import { posix } from 'node:path'

const none = () => false
const node = (name) => name.startsWith('node:')
const anyButElectron = (name) => name !== 'electron' && !name.startsWith('electron/')
const main = (...folders) => folders.map((folder) => `src-main/${folder}`)
const parts = ['contract', 'core', 'formats', 'datasets', 'engines', 'devices', 'projects', 'runs']

const below = 'what lies below the program must run without it and without any of its doors'
const doors = 'cli, serve and shell are three doors onto one program: what two of them need belongs into program'

/** The first entry whose folder holds the file counts. @type {House[]} */
export const houses = [
  {
    folder: 'src-main/core',
    may: [],
    packages: none,
    reason:
      'core is pure: it runs in the renderer, in workers and in tests alike. What it needs comes through ports.ts',
  },
  {
    folder: 'src-main/contract',
    may: main('core'),
    packages: (name) => name === 'zod',
    reason:
      'contract is what both sides of every door share: zod and types of core, nothing that runs on one side only',
  },
  {
    folder: 'src-main/formats',
    may: main('core'),
    packages: (name) => node(name) || name.startsWith('@bufbuild/protobuf'),
    reason: 'formats turn bytes into core’s networks and back; they know nothing of what is done with them',
  },
  {
    folder: 'src-main/datasets',
    may: main('core'),
    packages: (name) => node(name) || name === 'sharp',
    reason: 'datasets run in engines’ worker threads: core, Node and the image decoder only',
  },
  { folder: 'src-main/engines', may: main(...parts.slice(0, -2)), packages: anyButElectron, reason: below },
  { folder: 'src-main/devices', may: main(...parts.slice(0, -1)), packages: anyButElectron, reason: below },
  { folder: 'src-main/projects', may: main('contract', 'core', 'formats'), packages: anyButElectron, reason: below },
  { folder: 'src-main/runs', may: main(...parts), packages: anyButElectron, reason: below },
  { folder: 'src-main/program', may: [...main(...parts), 'package.json'], packages: anyButElectron, reason: below },
  {
    folder: 'src-main/cli',
    may: main('contract', 'core', 'program', 'serve/serve'),
    packages: anyButElectron,
    reason: doors,
  },
  { folder: 'src-main/serve', may: main('contract', 'core', 'program'), packages: anyButElectron, reason: doors },
  {
    folder: 'src-main/shell',
    // The page's files are served alike; and where Electron is, processes start as its utility processes.
    may: main('contract', 'core', 'program', 'serve/page', 'engines/process'),
    packages: () => true,
    reason: doors,
  },
  { folder: 'src-main/index', may: ['src-main'], packages: () => true, reason: 'index.ts is wiring' },
  {
    folder: 'src-main',
    may: [],
    packages: anyButElectron,
    reason: 'a new folder of src-main needs an entry in scripts/lint/house.mjs',
  },
  {
    folder: 'src-renderer',
    may: main('contract', 'core'),
    packages: (name) => anyButElectron(name) && !node(name),
    reason: 'the page runs in a sandbox: it reaches the program through contract, and may compute with core',
  },
]

const within = (path, folder) => path === folder || path.startsWith(`${folder}/`)

/**
 * Why `file` may not import `source`; undefined when it may.
 * @param {string} file path from the repository's root, with /
 * @param {string} source what stands in the import
 */
export function objection(file, source) {
  const bare = file.replace(/\.(ts|vue)$/, '')
  const house = houses.find(({ folder }) => within(bare, folder))
  if (!house) return undefined
  const name = source.replace(/\?.*$/, '')
  if (!name.startsWith('.')) {
    if (house.packages(name)) return undefined
    const why = anyButElectron(name) ? house.reason : 'only shell knows Electron: everything else runs without it'
    return `${house.folder} may not import '${name}': ${why}.`
  }
  const target = posix.join(posix.dirname(bare), name).replace(/\.(ts|vue)$/, '')
  const own = within(target, house.folder) && house.folder !== 'src-main'
  if (own || house.may.some((folder) => within(target, folder))) return undefined
  return `${house.folder} may not import ${target}: ${house.reason}.`
}

/** @type {import('eslint').Rule.RuleModule} */
const imports = {
  meta: { type: 'problem', schema: [], messages: { objection: '{{objection}}' } },
  create(context) {
    const file = posix.relative(context.cwd.replaceAll('\\', '/'), context.filename.replaceAll('\\', '/'))
    const check = (node) => {
      const source = node.source ?? node.argument?.literal ?? node.argument
      if (typeof source?.value !== 'string') return
      const objected = objection(file, source.value)
      if (objected) context.report({ node: source, messageId: 'objection', data: { objection: objected } })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      TSImportType: check,
    }
  },
}

export const house = { rules: { imports } }
