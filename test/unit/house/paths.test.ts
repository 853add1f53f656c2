import { expect, it } from 'vitest'
import { z } from 'zod'
import { calls, jobs } from '../../../src-main/contract'
import { pathFieldsOf } from '../../../src-main/program/files/admit'

/** Fields that say a path on the command line, and those that look like one and are none. */
const named = /^(model|teacher|data|holdout|device|plan|planOut|out|dir|file|folder|from|to|project)$|path|Path/
const noPath = new Set(['files.list from', 'projects.candidates from', 'files.find path'])

it('every field of a request that names a file takes ids from windows', () => {
  const open: string[] = []
  for (const [name, { request }] of [...Object.entries(calls), ...Object.entries(jobs)]) {
    const known = pathFieldsOf(request)
    for (const [field, schema] of Object.entries(request.shape as Record<string, z.ZodType>)) {
      const takesId = z.toJSONSchema(schema, { io: 'input' }).pattern?.startsWith('^file:') ?? false
      if (named.test(field) && !known.has(field) && !takesId && !noPath.has(`${name} ${field}`))
        open.push(`${name} ${field}`)
    }
  }
  expect(open).toEqual([])
})

it('finds the fields behind optional and default', () => {
  expect(Object.fromEntries(pathFieldsOf(jobs.run.request))).toEqual({
    model: 'path',
    data: 'data',
    device: 'device',
    holdout: 'data',
    out: 'path',
  })
  expect(pathFieldsOf(jobs.prune.request).get('planOut')).toBe('path')
})
