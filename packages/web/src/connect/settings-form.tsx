import { Button, FileInput, Stack, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { platformsQuery } from '../api/calls.ts'
import { type ConnectSettings, changeConnectSettings, customersReturn } from '../api/connect-links.ts'
import { linesIn } from '../clients/lines-in.ts'
import { useLanguage } from '../i18n/language.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { CodeField, LinesField, TextField } from '../parts/field.tsx'
import { useTask } from '../parts/use-task.ts'
import { useAccess, useApi } from '../session.tsx'
import { Preview } from './preview.tsx'
import { changeOf, formOf, isColour, mostLogoBytes, originIn, readLogo } from './settings-draft.ts'

const usualColour = '#0b7285'

/** How the pages that customers see look, with a preview beside it, and where customers may be sent. */
export function SettingsForm({ settings }: { readonly settings: ConnectSettings }) {
  const { t } = useLanguage()
  const api = useApi()
  const organisation = useAccess()?.organisation.name ?? ''
  const queries = useQueryClient()
  const { data: platforms } = useQuery(platformsQuery(api))
  const [form, setForm] = useState(() => formOf(settings))
  const [isSaved, setSaved] = useState(false)
  const [isTooLarge, setTooLarge] = useState(false)
  const { fault, isBusy, onSubmit } = useTask()
  const set = (part: Partial<typeof form>) => {
    setSaved(false)
    setForm((now) => ({ ...now, ...part }))
  }
  const submit = onSubmit(async () => {
    setSaved(false)
    const kept = await changeConnectSettings(api, changeOf(settings, form))
    queries.setQueryData(['connect-settings'], kept)
    setForm(formOf(kept))
    setSaved(true)
  })
  const isColourWrong = form.colour !== '' && !isColour(form.colour)
  const platform = platforms?.find(({ consent }) => consent !== null)
  const [first] = linesIn(form.returnAddresses)
  return (
    <div className="beside">
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextField
            label={t('common.name')}
            description={t('brand.nameHelp', { organisation })}
            maxLength={80}
            value={form.name}
            onText={(name) => set({ name })}
          />
          <CodeField
            label={t('brand.colour')}
            description={t('brand.colourHelp')}
            placeholder={usualColour}
            maxLength={7}
            value={form.colour}
            onText={(text) => set({ colour: text.trim().toLowerCase() })}
            {...(isColourWrong ? { error: t('brand.colourWrong') } : {})}
            rightSection={
              <input
                type="color"
                className="colour-choice"
                aria-label={t('brand.colourChoose')}
                value={isColour(form.colour) ? form.colour : usualColour}
                onChange={(event) => set({ colour: event.currentTarget.value })}
              />
            }
          />
          <div>
            <FileInput
              label={t('brand.logo')}
              description={t('brand.logoHelp')}
              placeholder={t('brand.logoChoose')}
              accept="image/png,image/jpeg"
              value={null}
              {...(isTooLarge ? { error: t('brand.logoTooLarge') } : {})}
              onChange={async (file) => {
                if (file === null) return
                setTooLarge(file.size > mostLogoBytes)
                if (file.size <= mostLogoBytes) set({ logo: await readLogo(file) })
              }}
            />
            {form.logo !== null && (
              <Button mt={6} size="compact-sm" variant="default" onClick={() => set({ logo: null })}>
                {t('brand.logoNone')}
              </Button>
            )}
          </div>
          {(['en', 'nl'] as const).map((language) => (
            <Textarea
              key={language}
              label={t(language === 'en' ? 'brand.textEnglish' : 'brand.textDutch')}
              description={t('brand.textHelp')}
              autosize
              minRows={2}
              maxLength={600}
              lang={language}
              value={form[language]}
              onChange={(event) => set({ [language]: event.currentTarget.value })}
            />
          ))}
          <CodeField
            label={t('brand.origin')}
            description={t('brand.originHelp')}
            type="url"
            placeholder="https://connect.partner.example"
            value={form.origin}
            onText={(origin) => set({ origin })}
          />
          <div>
            <Text size="sm" mb={4}>
              {t('brand.register')}
            </Text>
            <CopyText label={t('wizard.redirectUrl')} text={customersReturn(originIn(form.origin))} />
          </div>
          <LinesField
            label={t('brand.returns')}
            description={t('brand.returnsHelp')}
            value={form.returnAddresses}
            onText={(returnAddresses) => set({ returnAddresses })}
          />
          {fault !== null && <FaultAlert error={fault} />}
          <div>
            <Button type="submit" loading={isBusy} disabled={isColourWrong}>
              {t('common.save')}
            </Button>
          </div>
          <Text size="sm" role="status">
            {isSaved && t('done.saved')}
          </Text>
        </Stack>
      </form>
      {platform && (
        <Preview
          brand={{
            name: form.name.trim() || organisation,
            organisation,
            colour: isColour(form.colour) ? form.colour : usualColour,
            logo: form.logo,
            texts: { en: form.en.trim() || null, nl: form.nl.trim() || null },
          }}
          platform={platform}
          returnHost={(first && URL.parse(first)?.host) || 'app.partner.example'}
        />
      )}
    </div>
  )
}
