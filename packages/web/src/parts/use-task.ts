import { type FormEvent, useState } from 'react'

/** Runs what a person asked for, one at a time, and keeps the fault of the last. */
export function useTask() {
  const [fault, setFault] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const run = async (work: () => Promise<void>) => {
    setBusy(true)
    setFault(null)
    try {
      await work()
    } catch (error) {
      setFault(error)
    } finally {
      setBusy(false)
    }
  }
  /** The same, for a form that is sent off. */
  const onSubmit = (work: () => Promise<void>) => (event: FormEvent) => {
    event.preventDefault()
    void run(work)
  }
  return { fault, isBusy, run, onSubmit }
}
