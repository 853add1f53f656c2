/** A device's address as people call it: "this computer", "pi4.local (ssh)". */
export function deviceText(address: string): string {
  if (address === '') return ''
  const [base = ''] = address.split('?', 1)
  if (base === 'local') return 'this computer'
  const scheme = /^(ssh|serial|synthetic|replay):(?:\/\/)?(.*)$/.exec(base)
  if (!scheme) return base
  const [, kind = '', rest = ''] = scheme
  if (kind === 'ssh') return `${rest.split('@').at(-1)} (ssh)`
  if (kind === 'serial') return `${rest} (serial)`
  if (kind === 'synthetic') return `made-up board ${rest}`
  return `replay of ${rest.split('/').at(-1)}`
}
