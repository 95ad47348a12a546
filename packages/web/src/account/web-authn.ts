import { type ApiClient, ApiFault } from '../api/api-client.ts'

/** Whether this browser offers passkeys here: over https or at localhost, with the JSON forms of WebAuthn level 3. */
export const knowsPasskeys = () =>
  typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential

/** Makes a passkey on the person's device and deposits its public half under this name. */
export async function addPasskey(api: ApiClient, name: string): Promise<void> {
  const options = await api.call<PublicKeyCredentialCreationOptionsJSON>(
    'GET',
    '/api/auth/passkey/generate-register-options',
  )
  const response = await confirm(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  )
  await api.call('POST', '/api/auth/passkey/verify-registration', { name, response })
}

/** Logs in as whoever the chosen passkey belongs to. */
export async function logInWithPasskey(api: ApiClient): Promise<void> {
  const options = await api.call<PublicKeyCredentialRequestOptionsJSON>(
    'GET',
    '/api/auth/passkey/generate-authenticate-options',
  )
  // The server takes no answer without this check: let the device ask for it at once.
  const asked = { ...options, userVerification: 'required' }
  const response = await confirm(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) }),
  )
  await api.call('POST', '/api/auth/passkey/verify-authentication', { response })
}

/** What the device answered; a fault where the person or the device said no. */
async function confirm(ask: () => Promise<Credential | null>): Promise<object> {
  try {
    const credential = await ask()
    if (credential instanceof PublicKeyCredential) return credential.toJSON()
  } catch (error) {
    // A browser tells apart only that the device is in the list of those that have one; all else looks cancelled.
    if (error instanceof DOMException && error.name === 'InvalidStateError') throw faultOf('PASSKEY_KNOWN')
  }
  throw faultOf('PASSKEY_CANCELLED')
}

const faultOf = (code: string) =>
  new ApiFault({ code, status: 400, detail: 'The device did not confirm the passkey.' })
