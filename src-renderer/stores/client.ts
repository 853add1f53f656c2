import { inject, type App, type InjectionKey } from 'vue'
import type { Client } from '../client/client'

const key: InjectionKey<Client> = Symbol('client')

/** Stores and components of this app speak to the program through `client`. */
export const provideClient = (app: App, client: Client): App => app.provide(key, client)

/** @throws when the app was given no client: a wiring mistake */
export function useClient(): Client {
  const client = inject(key)
  if (!client) throw new Error('provideClient was not called')
  return client
}
