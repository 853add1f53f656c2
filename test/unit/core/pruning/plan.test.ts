import { describe, expect, it } from 'vitest'
import { LupineError } from '../../../../src-main/core/failure'
import { planFile, readPlan } from '../../../../src-main/core/pruning/plan'
import { createSubject, subjectKeep } from '../../../../src-main/core/pruning/subject'
import { applyPlan } from '../../../../src-main/core/pruning/surgery'
import { livelyResnet } from '../../../fixtures/networks'

const failureOf = (text: string) => {
  try {
    readPlan(text, 'plan.json')
  } catch (error) {
    return (error as LupineError).failure
  }
  return undefined
}

const subject = createSubject(livelyResnet())
const keep = subjectKeep(subject, { 'layer1.0.conv1': 5, 'layer2.0.conv1': 0 })
const plan = planFile(subject.coupling, subject.branches, keep, 'ab12')

describe('plan.json', () => {
  it('is read back as it was written', () => {
    expect(plan.removedBranches).toEqual([{ id: 'layer2.0', output: 'layer2.0.bn2_out', constant: true }])
    expect(readPlan(JSON.stringify(plan), 'p')).toEqual({ keep, sha256: 'ab12', constant: true })
    const zero = planFile(subject.coupling, subject.branches, keep, 'ab12', false)
    expect(readPlan(JSON.stringify(zero), 'p').constant).toBe(false)
  })

  it('of version 0 lacks removed branches and perPart, and prunes the same', () => {
    const { removedBranches: _, ...rest } = plan
    const old = {
      ...rest,
      version: 0,
      groups: plan.groups.map((group) => ({
        ...group,
        initializers: group.initializers.map(({ tensor, axis, keep: kept }) => ({ tensor, axis, keep: kept })),
      })),
    }
    const { version: __, ...unversioned } = old
    for (const written of [old, unversioned]) {
      const read = readPlan(JSON.stringify(written), 'p')
      expect(read).toEqual({ keep, sha256: 'ab12', constant: true })
      const network = applyPlan(subject.coupling, subject.branches, read.keep, read.constant)
      expect(network).toEqual(applyPlan(subject.coupling, subject.branches, keep))
    }
  })

  it('may lack the model it was made for', () => {
    const { model: _, ...rest } = plan
    expect(readPlan(JSON.stringify({ ...rest, version: 0 }), 'p').sha256).toBe('')
  })

  it.each([
    [2, 'plan.json is a plan of version 2; this Lupine reads versions 0 to 1.', /newer Lupine/],
    [-1, 'plan.json is a plan of version -1; this Lupine reads versions 0 to 1.', /Make the plan again/],
    ['1', 'plan.json is a plan of version "1"; this Lupine reads versions 0 to 1.', /Make the plan again/],
  ])('of version %j is refused', (version, message, hint) => {
    const failure = failureOf(JSON.stringify({ ...plan, version }))
    expect(failure).toMatchObject({ kind: 'input', code: 'plan-version', message })
    expect(failure?.hint).toMatch(hint)
  })

  it.each([
    ['{"format"', /^plan\.json is not JSON: /],
    ['null', 'plan.json is not a Lupine plan.'],
    ['{"format":"other"}', 'plan.json is not a Lupine plan.'],
    ['{"format":"lupine-plan","version":1}', 'plan.json has no list "groups".'],
    ['{"format":"lupine-plan","version":1,"groups":[{"id":"a"}]}', 'plan.json: a group lacks "id" or "keep".'],
    ['{"format":"lupine-plan","version":1,"groups":[null]}', 'plan.json: a group lacks "id" or "keep".'],
  ])('refuses %s', (text, message) => {
    expect(failureOf(text)).toMatchObject({ kind: 'input', code: 'plan-unreadable' })
    expect(failureOf(text)!.message).toMatch(message)
  })
})
