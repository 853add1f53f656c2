import { fail } from '../failure'
import type { CoupledGroup, GroupConstant } from '../coupling/groups'
import { elementCount, type Network, type Tensor } from '../graph/network'
import { createRandom } from '../statistics/random'
import { geometricMedianDistances } from './fpgm'

/** Importance per unit of a group; higher stays longer. */
export type Importance = Float64Array

/** What criteria that look at data were told, per channel. */
export interface Evidence {
  /** BatchNormalization node → mean over batches of |γ·∂L/∂γ + β·∂L/∂β|. */
  readonly taylor?: ReadonlyMap<string, Float64Array>
  /** Tensor → mean absolute activation. */
  readonly activation?: ReadonlyMap<string, Float64Array>
}

export interface CriterionOptions {
  /** The weights of the layers that read a channel count as well as those that make it. */
  readonly nextLayer: boolean
  /** For `random`. */
  readonly seed: number
  readonly evidence: Evidence
}

export const plainOptions: CriterionOptions = { nextLayer: false, seed: 0, evidence: {} }

/** Scores of one member of a group: `units[i]` is the unit that `scores[i]` speaks of, −1 for none. */
interface Vote {
  readonly units: Int32Array
  readonly scores: Float64Array
}

interface Criterion {
  /** In one sentence, for help and the window. */
  readonly about: string
  /** `mean`: each member scaled to mean 1, then averaged. `sum`: added up, in the criterion's own unit. */
  readonly join: 'mean' | 'sum'
  readonly needs?: keyof Evidence
  /** Looks at weights, so that `nextLayer` adds those of the layers that read a channel. */
  readonly weights?: true
  votes(network: Network, group: CoupledGroup, options: CriterionOptions): Vote[]
}

/**
 * Importance of every unit of a group.
 *
 * Coupled members are joined in one way: a member's channels that belong to one unit are added up, each member is
 * scaled to mean 1 over the group, so that a layer with large weights does not outvote the others, and the members are
 * averaged. Taylor scores are losses already and are added up as they are (Molchanov et al., CVPR 2019; HALP). A group
 * for which a criterion has no votes (no BN in it) is scored by L2, like a BN folded into its layer.
 *
 * @throws LupineError usage 'criterion-unknown', 'criterion-needs-data'
 */
export function scoreUnits(
  network: Network,
  group: CoupledGroup,
  name: string,
  options: CriterionOptions = plainOptions,
): Importance {
  const criterion = criterionNamed(name)
  if (criterion.needs && !options.evidence[criterion.needs])
    throw fail(
      'usage',
      'criterion-needs-data',
      `The criterion "${name}" looks at data, and none was given.`,
      'Add --data, or use l1, l2, fpgm, bn or random.',
    )
  const own = criterion.votes(network, group, options)
  const { votes, join } =
    own.length > 0 ? { votes: own, join: criterion.join } : { votes: l2Votes(network, group, options), join: 'mean' }
  const total = new Float64Array(group.channels)
  const counts = new Float64Array(group.channels)
  for (const vote of votes) {
    const scores = new Float64Array(group.channels)
    const members = new Float64Array(group.channels)
    vote.units.forEach((unit, i) => {
      if (unit < 0) return
      scores[unit]! += vote.scores[i]!
      members[unit] = 1
    })
    const present = members.reduce((a, b) => a + b, 0)
    const scale = join === 'mean' ? scores.reduce((a, b) => a + b, 0) / present || 1 : 1
    scores.forEach((score, unit) => (total[unit]! += score / scale))
    members.forEach((count, unit) => (counts[unit]! += count))
  }
  if (join === 'sum') return total
  return total.map((sum, unit) => (counts[unit] ? sum / counts[unit]! : 0))
}

/** Ids of the groups that have nothing this criterion looks at (no BN, say), and are scored by L2 instead. */
export function groupsWithoutVotes(
  network: Network,
  groups: readonly CoupledGroup[],
  name: string,
  options: CriterionOptions = plainOptions,
): string[] {
  const criterion = criterionNamed(name)
  return groups.filter((group) => criterion.votes(network, group, options).length === 0).map(({ id }) => id)
}

/** @throws LupineError usage 'criterion-unknown' */
export function criterionNamed(name: string): Criterion {
  const criterion = Object.hasOwn(criteria, name) ? criteria[name] : undefined
  if (criterion) return criterion
  throw fail(
    'usage',
    'criterion-unknown',
    `There is no importance criterion "${name}".`,
    `Use one of: ${Object.keys(criteria).join(', ')}.`,
  )
}

/** One number per index of `axis`, from all values that share it. */
function along(tensor: Tensor, axis: number, add: (sum: number, value: number) => number): Float64Array {
  const size = tensor.shape[axis]!
  const inner = elementCount(tensor.shape.slice(axis + 1))
  const result = new Float64Array(size)
  const { data } = tensor
  for (let i = 0, index = 0, left = inner; i < data.length; i++) {
    result[index] = add(result[index]!, Number(data[i]))
    if (--left > 0) continue
    left = inner
    index = (index + 1) % size
  }
  return result
}

/** Weights by which the group's layers make its channels; with `nextLayer` also those that sum over them. */
function weights(group: CoupledGroup, { nextLayer }: CriterionOptions): GroupConstant[] {
  const producers = new Set(group.producers)
  const contractors = new Set(nextLayer ? group.contractors : [])
  return group.constants.filter(
    ({ node, input, side }) =>
      input === 1 && ((side === 'out' && producers.has(node)) || (side === 'in' && contractors.has(node))),
  )
}

const overWeights =
  (score: (tensor: Tensor, axis: number) => Float64Array): Criterion['votes'] =>
  (network, group, options) =>
    weights(group, options).map(({ tensor, axis, parts, units }) => ({
      units,
      scores: concatenated(partsOf(network.initializers.get(tensor)!, parts).map((part) => score(part, axis))),
    }))

/** A grouped convolution's weight group by group: its first axis tells them apart. */
function partsOf(tensor: Tensor, parts: number): Tensor[] {
  if (parts === 1) return [tensor]
  const [rows, ...rest] = tensor.shape
  const size = tensor.data.length / parts
  return Array.from({ length: parts }, (_, part) => ({
    ...tensor,
    shape: [rows! / parts, ...rest],
    data: tensor.data.subarray(part * size, (part + 1) * size),
  }))
}

const concatenated = (lists: readonly Float64Array[]): Float64Array =>
  lists.length === 1 ? lists[0]! : Float64Array.from(lists.flatMap((list) => Array.from(list)))

const l1 = (tensor: Tensor, axis: number) => along(tensor, axis, (sum, value) => sum + Math.abs(value))
const l2 = (tensor: Tensor, axis: number) =>
  along(tensor, axis, (sum, value) => sum + value * value).map((sum) => Math.sqrt(sum))

const l2Votes = overWeights(l2)

/** Scales (input 1) of the BN layers the group's channels go through. */
export const batchScales = (network: Network, group: CoupledGroup): GroupConstant[] => {
  const norms = new Set(network.nodes.filter(({ op }) => op === 'BatchNormalization').map(({ name }) => name))
  return group.constants.filter(({ node, input }) => input === 1 && norms.has(node))
}

/** By name, as on the command line. */
export const criteria: Readonly<Record<string, Criterion>> = {
  l1: {
    about: 'sum of absolute filter weights (Li et al., ICLR 2017)',
    join: 'mean',
    weights: true,
    votes: overWeights(l1),
  },
  l2: { about: 'Euclidean norm of the filter (He et al., IJCAI 2018)', join: 'mean', weights: true, votes: l2Votes },
  fpgm: {
    about: "distance to the layer's other filters, so that the replaceable go first (He et al., CVPR 2019)",
    join: 'mean',
    weights: true,
    votes: overWeights(geometricMedianDistances),
  },
  bn: {
    about: 'absolute BN scale (Liu et al., ICCV 2017)',
    join: 'mean',
    votes: (network, group) =>
      batchScales(network, group).map(({ tensor, units }) => ({
        units,
        scores: Float64Array.from(network.initializers.get(tensor)!.data, Math.abs),
      })),
  },
  taylor: {
    about: 'first-order change of the loss, |γ·g_γ + β·g_β| of BN (Molchanov et al., CVPR 2019; Long et al., 2020)',
    join: 'sum',
    needs: 'taylor',
    votes: (network, group, { evidence }) =>
      batchScales(network, group).flatMap(({ node, units }) => {
        const scores = evidence.taylor!.get(node)
        return scores ? [{ units, scores }] : []
      }),
  },
  activation: {
    about: 'mean absolute activation on calibration images (Hu et al., 2016; Molchanov et al., ICLR 2017)',
    join: 'mean',
    needs: 'activation',
    votes: (_network, group, { evidence }) =>
      group.members.flatMap(({ tensor, units }) => {
        const scores = evidence.activation!.get(tensor)
        return scores ? [{ units, scores }] : []
      }),
  },
  random: {
    about: 'a seeded draw, for comparison',
    join: 'mean',
    votes(_network, group, { seed }) {
      const random = createRandom(seed ^ hash(group.id))
      return [
        {
          units: Int32Array.from({ length: group.channels }, (_, unit) => unit),
          scores: Float64Array.from({ length: group.channels }, () => random.next()),
        },
      ]
    },
  },
}

/** FNV-1a. */
const hash = (text: string): number =>
  [...text].reduce((h, char) => Math.imul(h ^ char.charCodeAt(0), 0x01000193) >>> 0, 0x811c9dc5)
