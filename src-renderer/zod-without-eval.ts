import { z } from 'zod'

// zod probes `new Function`, which the content security policy reports as a violation. Schemas decide when they are
// made, so this module is the first import of main.ts.
z.config({ jitless: true })
