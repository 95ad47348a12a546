export { type OAuthEmulator, type OAuthEmulatorOptions, startOAuthEmulator } from './emulator.ts'
export { emulatedPlatforms } from './platform-facts.ts'
