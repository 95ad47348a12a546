import { NativeSelect } from '@mantine/core'
import type { Platform } from '../api/answers.ts'
import { useLanguage } from '../i18n/language.tsx'
import { regionName } from './region-name.ts'

export interface Place {
  readonly platform: string
  readonly region: string
}
export const nowhere: Place = { platform: '', region: '' }

/** A platform, and where it has several places to log in, which one. */
export function PlaceFields(props: {
  readonly platforms: readonly Platform[]
  readonly value: Place
  readonly onChange: (place: Place) => void
}) {
  const { platforms, value, onChange } = props
  const { t } = useLanguage()
  const regions = platforms.find(({ id }) => id === value.platform)?.regions ?? []
  const isByCountry = regions.filter(({ isOperators }) => !isOperators).length > 1
  return (
    <>
      <NativeSelect
        label={t('place.platform')}
        required
        value={value.platform}
        data={[
          { value: '', label: t('place.choose') },
          ...platforms.map(({ id, label }) => ({ value: id, label })),
        ]}
        onChange={(event) => {
          const platform = event.currentTarget.value
          const [only, ...others] = platforms.find(({ id }) => id === platform)?.regions ?? []
          onChange({ platform, region: others.length === 0 ? (only?.id ?? '') : '' })
        }}
      />
      {regions.length > 1 && (
        <NativeSelect
          label={t(isByCountry ? 'wizard.country' : 'wizard.place')}
          required
          value={value.region}
          data={[
            { value: '', label: t('place.choose') },
            ...regions.map((region) => ({ value: region.id, label: regionName(region, t) })),
          ]}
          onChange={(event) => onChange({ ...value, region: event.currentTarget.value })}
        />
      )}
    </>
  )
}

/** A platform and its place as people know them. */
export function usePlaceName(platforms: readonly Platform[] | undefined): (place: Place) => string {
  const { t } = useLanguage()
  return ({ platform: id, region: place }) => {
    const platform = platforms?.find((one) => one.id === id)
    const region = platform?.regions.find((one) => one.id === place)
    const name = region ? regionName(region, t) : place
    return platform?.regions.length === 1 ? platform.label : `${platform?.label ?? id} · ${name}`
  }
}
