/**
 * Our side of `npm run bench:train`: argv NETWORK BATCH [PRECISION]; reads "STEPS" lines from stdin, trains so many steps, answers
 * a JSON list of milliseconds per step.
 */
import { createArchitecture } from '../../src-main/core/graph/architectures'
import { createRandom } from '../../src-main/core/statistics/random'
import { withMachine } from '../../src-main/devices/measuring/machine-lock'
import { openTensorFlow } from '../../src-main/engines/tensorflow/backend'
import type { Precision } from '../../src-main/engines/interface'
import { LoadedModel } from '../../src-main/engines/training/model'
import { takeTurns } from './turns'

const name = process.argv[2]!
const batch = Number(process.argv[3])
const backend = openTensorFlow()
const precision = (process.argv[4] as Precision | undefined) ?? backend.describe().precisions[0]!
const side = name === 'mobilenetv2' ? 96 : 32
const random = createRandom(1)
const images = Float32Array.from({ length: batch * 3 * side * side }, () => random.normal())
const labels = Int32Array.from({ length: batch }, () => random.below(10))
const training = { momentum: 0.9, nesterov: true, weightDecay: 1e-4, distillation: 0, temperature: 1, precision }
const model = new LoadedModel(backend, createArchitecture(name, 10, [3, side, side], 1), { training })

// Trainings of other Lupine processes pause while somebody holds the machine; of us, one does it for all.
const first = process.argv[4] === undefined
await takeTurns(() => model.step(images, labels, 0.01), first ? withMachine : undefined)
