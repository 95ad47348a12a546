import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'

/** Who is no person and no key. */
const others: Readonly<Record<string, MessageKey>> = {
  vault: 'actor.sluis',
  system: 'actor.sluis',
  somebody: 'actor.somebody',
}

/** The name of whoever did something, as far as it is known. */
export function useActorName() {
  const { t } = useLanguage()
  return ({ actor, actorName }: { readonly actor: string; readonly actorName: string | null }): string => {
    const other = others[actor]
    return actorName ?? (other === undefined ? actor : t(other))
  }
}

/** Whoever did something, by name; the id is told to who points at it. */
export function Actor(props: { readonly actor: string; readonly actorName: string | null }) {
  const name = useActorName()(props)
  return <span title={props.actor}>{name}</span>
}
