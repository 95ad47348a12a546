import { Group, Radio, Text } from '@mantine/core'
import type { ReactNode } from 'react'

export interface Choice<Value extends string> {
  readonly value: Value
  readonly label: string
  readonly help?: string
  readonly icon?: ReactNode
}

/** One of a few, as cards: radio buttons for keyboard and screen reader. */
export function ChoiceCards<Value extends string>(props: {
  readonly legend: string
  readonly help?: string
  readonly choices: readonly Choice<Value>[]
  readonly value: Value | null
  readonly onChange: (value: Value) => void
  readonly isWide?: boolean
}) {
  const { legend, help, choices, value, onChange, isWide = false } = props
  return (
    <Radio.Group
      label={legend}
      description={help}
      value={value}
      onChange={(next) => onChange(next as Value)}
      labelProps={{ fz: 'md', fw: 600 }}
    >
      <div className={isWide ? 'choices wide' : 'choices'} style={{ marginTop: 8 }}>
        {choices.map((choice) => (
          <Radio.Card key={choice.value} value={choice.value} className="choice" aria-label={choice.label}>
            <Group wrap="nowrap" gap="sm" align={choice.help ? 'flex-start' : 'center'}>
              <Radio.Indicator />
              {choice.icon}
              <div>
                <Text>{choice.label}</Text>
                {choice.help && (
                  <Text size="sm" c="var(--mantine-color-text)" opacity={0.8}>
                    {choice.help}
                  </Text>
                )}
              </div>
            </Group>
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  )
}
