import { expect, it } from 'vitest'
import { createResnet } from '../../../../src-main/core/graph/architectures'
import { createSubject } from '../../../../src-main/core/pruning/subject'

const network = createResnet(20, 10, [3, 32, 32], 0)
const [all, without] = [createSubject(network), createSubject(network, { exclude: ['layer2.1.conv1'] })]

it('leaves an excluded group alone, and the residual branch that it is in', () => {
  const ids = (subject: typeof all) => subject.dimensions.map(({ id }) => id)
  expect(ids(without)).toEqual(ids(all).filter((id) => id !== 'layer2.1.conv1'))
  const branches = (subject: typeof all) => subject.branches.flatMap(({ groups }) => groups)
  expect(branches(all)).toContain('layer2.1.conv1')
  expect(branches(without)).toEqual(branches(all).filter((id) => id !== 'layer2.1.conv1'))
})
