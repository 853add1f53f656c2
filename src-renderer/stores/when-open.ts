import { watch } from 'vue'
import { useConnection } from './connection'

/** Does something once, as soon as there is a line to the program. To be called while a component is set up or mounted. */
export function whenOpen(what: () => void): void {
  const connection = useConnection()
  if (connection.isOpen) return what()
  const stop = watch(
    () => connection.isOpen,
    (isOpen) => {
      if (!isOpen) return
      stop()
      what()
    },
  )
}
