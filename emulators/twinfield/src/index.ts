export { startTwinfieldEmulator, type TwinfieldEmulator, type TwinfieldEmulatorOptions } from './emulator.ts'
