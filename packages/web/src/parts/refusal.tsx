import { Alert } from '@mantine/core'
import type { ReactNode } from 'react'

/** What did not go as it was meant, in the person's language. */
export function Refusal(props: { readonly title?: string; readonly children: ReactNode }) {
  return (
    <Alert color="red" role="alert" {...(props.title === undefined ? {} : { title: props.title })}>
      {props.children}
    </Alert>
  )
}
