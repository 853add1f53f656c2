import about from '../../package.json' with { type: 'json' }

/** Of this Lupine. */
export const version: string = about.version
