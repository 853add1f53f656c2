import { expect, test } from 'vitest'
import { methodOptions } from '../../../../src-main/core/methods/registry'

test('a preset changes what is not given', () => {
  expect(methodOptions('abc', { preset: 'abcpruner' })).toMatchObject({
    ...{ widths: 'tenths', branches: false, seeding: false, fitness: 2, schedule: 'none' },
  })
  const given = { preset: 'abcpruner', fitness: '1', branches: 'true' }
  expect(methodOptions('igwo', given)).toMatchObject({ widths: 'tenths', branches: true, fitness: 1 })
  expect(methodOptions('igwo')).toMatchObject({ widths: 'measured', branches: true, seeding: true, fitness: 0 })
})
