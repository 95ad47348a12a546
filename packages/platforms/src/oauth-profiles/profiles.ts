import { type OAuthProfile, type OAuthProfileInput, oauthProfileSchema } from './oauth-profile.ts'
import { atlassianConfluence, atlassianJira, atlassianJsm } from './profiles/atlassian.ts'
import { calendly } from './profiles/calendly.ts'
import { exactOnline } from './profiles/exact-online.ts'
import { fortnox } from './profiles/fortnox.ts'
import { github } from './profiles/github.ts'
import { gitlab } from './profiles/gitlab.ts'
import { hubspot } from './profiles/hubspot.ts'
import { loket } from './profiles/loket.ts'
import { businessCentral, microsoftGraph } from './profiles/microsoft.ts'
import { moneybird } from './profiles/moneybird.ts'
import { paypal, paypalSandbox } from './profiles/paypal.ts'
import { quickbooksOnline } from './profiles/quickbooks-online.ts'
import { salesforce } from './profiles/salesforce.ts'
import { teamleaderFocus, teamleaderOrbit } from './profiles/teamleader.ts'
import { twinfield } from './profiles/twinfield.ts'
import { vismaEaccounting, vismaNet } from './profiles/visma.ts'
import { xero } from './profiles/xero.ts'
import { zoom } from './profiles/zoom.ts'

/** One file a vendor. */
const profiles: readonly OAuthProfileInput[] = [
  exactOnline,
  twinfield,
  atlassianConfluence,
  atlassianJira,
  atlassianJsm,
  calendly,
  fortnox,
  github,
  gitlab,
  loket,
  paypal,
  paypalSandbox,
  teamleaderFocus,
  teamleaderOrbit,
  vismaNet,
  zoom,
  moneybird,
  vismaEaccounting,
  xero,
  quickbooksOnline,
  hubspot,
  salesforce,
  microsoftGraph,
  businessCentral,
]

let checked: ReadonlyMap<string, OAuthProfile> | undefined

/** The profiles of all platforms with OAuth, by id; each checked against the schema when first asked for. */
export function oauthProfiles(): ReadonlyMap<string, OAuthProfile> {
  checked ??= new Map(profiles.map((profile) => [profile.id, oauthProfileSchema.parse(profile)]))
  return checked
}
