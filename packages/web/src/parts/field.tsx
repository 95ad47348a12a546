import {
  PasswordInput,
  type PasswordInputProps,
  Textarea,
  type TextareaProps,
  TextInput,
  type TextInputProps,
} from '@mantine/core'

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

/** What nobody may read over a shoulder. */
export function SecretField({ onText, ...props }: Typed<PasswordInputProps>) {
  return (
    <PasswordInput autoComplete="off" {...props} onChange={(event) => onText(event.currentTarget.value)} />
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
