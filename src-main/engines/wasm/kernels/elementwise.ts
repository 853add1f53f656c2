import { tf, type Tensor } from '../tfjs'
import { floatOf, type Integers, type Kernel } from './kernel'
import { sumPerChannel } from './normalization'

const unary =
  (compute: (x: Tensor) => Tensor): Kernel =>
  (inputs) =>
    compute(inputs.tensor(0))

const binary =
  (compute: (a: Tensor, b: Tensor) => Tensor): Kernel =>
  (inputs) =>
    compute(inputs.tensor(0), inputs.tensor(1))

export const elementwiseKernels: Record<string, Kernel> = {
  Identity: unary((x) => tf.clone(x)),
  DeepCopy: unary((x) => tf.clone(x)),
  AddV2: binary((a, b) => tf.add(a, b)),
  Sub: binary((a, b) => tf.sub(a, b)),
  Mul: binary((a, b) => tf.mul(a, b)),
  RealDiv: binary((a, b) => tf.div(a, b)),
  AddN: (inputs) => tf.addN(inputs.tensors()),
  BiasAdd: binary((x, bias) => tf.add(x, bias)),
  BiasAddGrad: unary((dy) => tf.reshape(sumPerChannel(dy), [-1])),

  Relu: unary((x) => tf.relu(x)),
  ReluGrad: binary((dy, y) => tf.mul(dy, tf.step(y))),
  Relu6: unary((x) => tf.relu6(x)),
  Relu6Grad: binary((dy, y) => tf.mul(dy, tf.mul(tf.step(y), tf.step(tf.sub(6, y))))),
  LeakyRelu: (inputs, node) => tf.leakyRelu(inputs.tensor(0), floatOf(node, 'alpha')),
  LeakyReluGrad: (inputs, node) => tf.mul(inputs.tensor(0), tf.step(inputs.tensor(1), floatOf(node, 'alpha'))),
  Sigmoid: unary((x) => tf.sigmoid(x)),
  SigmoidGrad: binary((y, dy) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
  Tanh: unary((x) => tf.tanh(x)),
  TanhGrad: binary((y, dy) => tf.mul(dy, tf.sub(1, tf.square(y)))),
  Softmax: unary((x) => tf.softmax(x)),

  // Integers are shapes and sizes here; as floats they divide a gradient by the batch.
  Cast: (inputs) => tf.scalar((inputs.cell(0) as unknown as Integers).integers[0]),
  Size: (inputs) => ({ integers: [inputs.tensor(0).size] }),
  Shape: (inputs) => ({ integers: inputs.tensor(0).shape }),
}
