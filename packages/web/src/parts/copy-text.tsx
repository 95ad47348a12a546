import { Button, CopyButton, Group } from '@mantine/core'
import { useLanguage } from '../i18n/language.tsx'

/** A text to take along, with a button that copies it. */
export function CopyText({ label, text }: { readonly label: string; readonly text: string }) {
  const { t } = useLanguage()
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section style={{ flex: 1, minWidth: 0 }} tabIndex={0} aria-label={label} className="scroll">
        <pre className="code">{text}</pre>
      </section>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button variant="default" size="xs" onClick={copy} aria-label={`${t('common.copy')}: ${label}`}>
            {t(copied ? 'common.copied' : 'common.copy')}
          </Button>
        )}
      </CopyButton>
    </Group>
  )
}
