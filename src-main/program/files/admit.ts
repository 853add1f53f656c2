import { z } from 'zod'
import { fileId } from '../../contract'
import { pathFields, type PathUse } from '../../contract/options'
import { fail } from '../../core/failure'
import { shownName } from '../../core/text'
import type { FileRegistry } from './registry'

/** The fields of a request that name files. */
export function pathFieldsOf(schema: z.ZodType): Map<string, PathUse> {
  const fields = new Map<string, PathUse>()
  if (!(schema instanceof z.ZodObject)) return fields
  for (const [name, field] of Object.entries(schema.shape as Record<string, z.ZodType>)) {
    const use = useOf(field)
    if (use) fields.set(name, use)
  }
  return fields
}

function useOf(schema: z.ZodType): PathUse | undefined {
  const known = pathFields.get(schema as never)?.use
  if (known) return known
  const inner = (schema.def as { innerType?: z.ZodType }).innerType
  return inner && useOf(inner)
}

/**
 * A window's request as the program takes it: ids of picked files become paths, and paths are refused.
 * @throws LupineError usage 'file-not-picked'; as FileRegistry.reach
 */
export async function admit(registry: FileRegistry, schema: z.ZodType, request: unknown): Promise<unknown> {
  if (typeof request !== 'object' || request === null) return request
  const admitted: Record<string, unknown> = { ...request }
  for (const [name, use] of pathFieldsOf(schema)) {
    const value = admitted[name]
    // What is no text, the contract refuses.
    if (typeof value === 'string') admitted[name] = await uses[use](registry, name, value)
  }
  return admitted
}

type Admission = (registry: FileRegistry, field: string, value: string) => Promise<string>

const uses: Readonly<Record<PathUse, Admission>> = {
  path: pathOf,
  async data(registry, field, value) {
    const [, kind, id] = /^(\w+):(.*)$/s.exec(value) ?? []
    return kind === undefined ? value : `${kind}:${await pathOf(registry, field, id!)}`
  },
  async device(registry, field, value) {
    const replay = /^replay:(.*)$/s.exec(value)
    if (replay) return `replay:${await pathOf(registry, field, replay[1]!)}`
    if (!value.startsWith('ssh:') || !URL.canParse(value)) return value
    const url = new URL(value)
    const keys = url.searchParams.getAll('key')
    url.searchParams.delete('key')
    for (const key of keys) url.searchParams.append('key', await pathOf(registry, field, key))
    return keys.length === 0 ? value : url.href
  },
}

async function pathOf(registry: FileRegistry, field: string, value: string): Promise<string> {
  if (fileId.safeParse(value).success) return (await registry.reach(value, true)).real
  throw fail(
    'usage',
    'file-not-picked',
    `${field}: “${shownName(value, 80)}” is a path, and a window names files by the ids they were picked under.`,
    'Pick the file, or look its path up with files.find.',
  )
}
