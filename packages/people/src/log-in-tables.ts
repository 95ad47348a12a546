// The names that better-auth's tables and columns have here.

const times = { createdAt: 'created_at', updatedAt: 'updated_at' } as const

export const userNames = {
  modelName: 'person',
  fields: { ...times, emailVerified: 'email_verified' },
} as const

export const sessionNames = {
  modelName: 'person_session',
  fields: {
    ...times,
    userId: 'person_id',
    expiresAt: 'expires_at',
    ipAddress: 'ip_address',
    userAgent: 'user_agent',
  },
} as const

export const accountNames = {
  modelName: 'person_login',
  fields: {
    ...times,
    userId: 'person_id',
    accountId: 'account_id',
    providerId: 'provider_id',
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    idToken: 'id_token',
    accessTokenExpiresAt: 'access_token_expires_at',
    refreshTokenExpiresAt: 'refresh_token_expires_at',
  },
} as const

export const verificationNames = {
  modelName: 'person_verification',
  fields: { ...times, expiresAt: 'expires_at' },
} as const

export const rateNames = { modelName: 'login_rate', fields: { lastRequest: 'last_request' } } as const

export const twoFactorNames = {
  user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
  twoFactor: {
    modelName: 'person_two_factor',
    fields: {
      userId: 'person_id',
      backupCodes: 'backup_codes',
      failedVerificationCount: 'failed_verification_count',
      lockedUntil: 'locked_until',
    },
  },
} as const

export const passkeyNames = {
  passkey: {
    modelName: 'person_passkey',
    fields: {
      userId: 'person_id',
      publicKey: 'public_key',
      credentialID: 'credential_id',
      deviceType: 'device_type',
      backedUp: 'backed_up',
      createdAt: 'created_at',
    },
  },
} as const
