import {
  PasswordInput,
  type PasswordInputProps,
  Textarea,
  type TextareaProps,
  TextInput,
  type TextInputProps,
} from '@mantine/core'
import { useEffect, useRef } from 'react'

type Typed<Props> = Omit<Props, 'onChange' | 'value'> & {
  readonly value: string
  readonly onText: (text: string) => void
}

/** A line of text. Browsers fill in nothing unless told what it is. */
export function TextField({ onText, ...props }: Typed<TextInputProps>) {
  return <TextInput autoComplete="off" {...props} onChange={(event) => onText(event.currentTarget.value)} />
}

/** What is an identifier or an address: no browser corrects its spelling. */
export function CodeField(props: Typed<TextInputProps>) {
  return <TextField spellCheck={false} {...props} />
}

/**
 * What nobody may read over a shoulder. It is emptied when it goes: others hold fields that are no longer shown, such as
 * the router, which remembers what was scrolled, and React keeps with a field what was typed there last.
 */
export function SecretField({ onText, ...props }: Typed<PasswordInputProps>) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const shown = field.current
    return () => {
      if (shown !== null) shown.value = ''
    }
  }, [])
  return (
    <PasswordInput
      ref={field}
      autoComplete="off"
      spellCheck={false}
      {...props}
      onChange={(event) => onText(event.currentTarget.value)}
    />
  )
}

/** Several, each on a line of its own. */
export function LinesField({ onText, ...props }: Typed<TextareaProps>) {
  return (
    <Textarea
      autosize
      minRows={2}
      spellCheck={false}
      autoComplete="off"
      {...props}
      onChange={(event) => onText(event.currentTarget.value)}
    />
  )
}
