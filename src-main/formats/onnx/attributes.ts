/**
 * A Network holds attributes as plain numbers, so whether 1 was an int or a float must follow from the name. These are
 * the standard operators' float attributes; any other float that happens to be whole is kept as encoded bytes.
 */
export const floatAttributes: ReadonlySet<string> = new Set([
  'alpha',
  'beta',
  'bias',
  'cubic_coeff_a',
  'epsilon',
  'extrapolation_value',
  'gamma',
  'lambd',
  'max',
  'min',
  'momentum',
  'ratio',
  'spatial_scale',
  'value_float',
])
export const floatListAttributes: ReadonlySet<string> = new Set(['scales', 'value_floats'])
