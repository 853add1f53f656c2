import { tf, type Tensor } from '../tfjs'
import { floatOf, isTensor, typeOf, type Integers, type Kernel } from './kernel'
import { sumPerChannel } from './normalization'

const unary =
  (compute: (x: Tensor) => Tensor): Kernel =>
  (inputs) =>
    compute(inputs.tensor(0))

const binary =
  (compute: (a: Tensor, b: Tensor) => Tensor): Kernel =>
  (inputs) =>
    compute(inputs.tensor(0), inputs.tensor(1))

/** Of tensors, or of shapes, which are integers of one length. */
const arithmetic =
  (compute: (a: Tensor, b: Tensor) => Tensor, onIntegers: (a: number, b: number) => number): Kernel =>
  (inputs) => {
    const [a, b] = [inputs.value(0), inputs.value(1)]
    if (isTensor(a) && isTensor(b)) return compute(a, b)
    const other = inputs.integers(1)
    return { integers: inputs.integers(0).map((value, i) => onIntegers(value, other[i])) }
  }

/** Shapes and sizes become floats where they divide a gradient; truth values and indices stay tensors. */
const cast: Kernel = (inputs, node) => {
  const x = inputs.value(0)
  if (!isTensor(x)) return tf.scalar((x as Integers).integers[0])
  return tf.cast(x, typeOf(node, 'DstT') === 'int32' ? 'int32' : 'float32')
}

/** Element-wise choice, with broadcasting. */
const where = (condition: Tensor, a: Tensor, b: Tensor): Tensor => {
  const shape = [condition, a, b].map((tensor) => tensor.shape).reduce(broadcastShape)
  const wide = [condition, a, b].map((tensor) => tf.broadcastTo(tensor, shape))
  return tf.where(wide[0], wide[1], wide[2])
}

const broadcastShape = (a: number[], b: number[]): number[] => tf.backend_util.assertAndGetBroadcastShape(a, b)

export const elementwiseKernels: Record<string, Kernel> = {
  Identity: unary((x) => tf.clone(x)),
  DeepCopy: unary((x) => tf.clone(x)),
  AddV2: arithmetic(
    (a, b) => tf.add(a, b),
    (a, b) => a + b,
  ),
  Sub: binary((a, b) => tf.sub(a, b)),
  Mul: arithmetic(
    (a, b) => tf.mul(a, b),
    (a, b) => a * b,
  ),
  Pow: binary((a, b) => tf.pow(a, b)),
  Maximum: binary((a, b) => tf.maximum(a, b)),
  Minimum: binary((a, b) => tf.minimum(a, b)),
  Equal: binary((a, b) => tf.equal(a, b)),
  NotEqual: binary((a, b) => tf.notEqual(a, b)),
  Greater: binary((a, b) => tf.greater(a, b)),
  GreaterEqual: binary((a, b) => tf.greaterEqual(a, b)),
  Less: binary((a, b) => tf.less(a, b)),
  LessEqual: binary((a, b) => tf.lessEqual(a, b)),
  SelectV2: (inputs) => where(inputs.tensor(0), inputs.tensor(1), inputs.tensor(2)),

  Exp: unary((x) => tf.exp(x)),
  Log: unary((x) => tf.log(x)),
  Sqrt: unary((x) => tf.sqrt(x)),
  Rsqrt: unary((x) => tf.rsqrt(x)),
  Square: unary((x) => tf.square(x)),
  Reciprocal: unary((x) => tf.reciprocal(x)),
  Abs: unary((x) => tf.abs(x)),
  Sign: unary((x) => tf.sign(x)),
  Sin: unary((x) => tf.sin(x)),
  Cos: unary((x) => tf.cos(x)),
  Erf: unary((x) => tf.erf(x)),
  Floor: unary((x) => tf.floor(x)),
  Ceil: unary((x) => tf.ceil(x)),
  Rint: unary((x) => tf.round(x)),
  Softplus: unary((x) => tf.softplus(x)),
  OnesLike: unary((x) => tf.onesLike(x)),
  ZerosLike: unary((x) => tf.zerosLike(x)),
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
  LogSoftmax: unary((x) => tf.logSoftmax(x)),

  Cast: cast,
  Size: (inputs) => ({ integers: [inputs.tensor(0).size] }),
  Shape: (inputs) => ({ integers: inputs.tensor(0).shape }),
}
