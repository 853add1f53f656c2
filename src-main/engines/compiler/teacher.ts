/** A frozen network to learn from. */
import { fail } from '../../core/failure'
import { foldNorms } from '../../core/graph/bn-folding'
import type { Network, Shape } from '../../core/graph/network'
import { beforeFinalActivation } from '../../core/graph/outputs'
import { endpoint, run, type Endpoint } from './endpoints'
import type { GraphBuilder, Ref } from './graph'
import { distillation, squaredError, type Loss } from './operations/loss'
import { reshape } from './operations/shaping'
import { prepare } from './prepare'
import { Scope } from './scope'
import { VariableStore, type Variable } from './variables'

/** A teacher in the student's graph: its tensors are found through `scope`. */
export interface CompiledTeacher {
  readonly network: Network
  readonly scope: Scope
  readonly variables: readonly Variable[]
}

/** The teacher's forward pass on the network's input. @throws LupineError input 'engine-teacher', and as compile() */
export function compileTeacher(graph: GraphBuilder, network: Network, input: Endpoint): CompiledTeacher {
  // It never learns: its norms become part of its convolutions, which saves a pass over every activation.
  const teacher = foldNorms(prepare(network), () => true)
  const variables = new VariableStore(graph, teacher, 'teacher')
  const scope = new Scope(graph, undefined, { network: teacher, variables, training: false })
  const own = teacher.inputs[0].shape ?? []
  if (own.slice(1).join() !== input.shape.slice(1).join())
    throw mismatch(`takes [${own.slice(1).join(', ')}] and the network [${input.shape.slice(1).join(', ')}]`)
  run(scope, teacher, { ...input, tensor: teacher.inputs[0].name })
  return { network: teacher, scope, variables: variables.all }
}

/**
 * What each output has to learn from the teacher's, in order, all before a final Softmax or Sigmoid: logits [N, K] by
 * their distribution at the temperature, anything else by its squared error.
 * @throws LupineError input 'engine-teacher' when the outputs do not match
 */
export function distilled(scope: Scope, network: Network, teacher: CompiledTeacher, temperature: number) {
  const { graph } = scope
  const [own, others] = [network, teacher.network].map(beforeFinalActivation)
  if (own.outputs.length !== others.outputs.length)
    throw mismatch(`has ${others.outputs.length} outputs and the network ${own.outputs.length}`)
  return own.outputs.map(({ name }, i): { output: Ref; loss: Loss } => {
    const x = endpoint(scope, network, name)
    const y = endpoint(teacher.scope, teacher.network, others.outputs[i].name)
    const [classes, taughtClasses] = [classesOf(x.shape), classesOf(y.shape)]
    if (x.shape.slice(1).join() !== y.shape.slice(1).join() && (classes === undefined || classes !== taughtClasses))
      throw mismatch(`makes [${y.shape.slice(1).join(', ')}] where the network makes [${x.shape.slice(1).join(', ')}]`)
    if (classes === undefined) return { output: x.ref, loss: squaredError(graph, x.ref, y.ref, x.shape.length) }
    const flat = (pass: Scope, { ref, shape }: Endpoint) =>
      shape.length === 2 ? ref : reshape(pass, ref, [-1, classes])
    const [rows, taught] = [flat(scope, x), flat(teacher.scope, y)]
    return { output: rows, loss: distillation(graph, rows, taught, temperature) }
  })
}

/** Length of a row of logits: [N, K], or [N, K, 1, 1]; undefined for anything else. */
function classesOf(shape: Shape): number | undefined {
  const [, classes, ...pixels] = shape
  return typeof classes === 'number' && classes > 1 && pixels.every((dim) => dim === 1) ? classes : undefined
}

const mismatch = (why: string) =>
  fail('input', 'engine-teacher', `The teacher ${why}.`, 'Use the unpruned network that this one was made from.')
