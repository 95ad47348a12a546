export { openSmtpReceiver, type SmtpReceiver, textOf } from './smtp-receiver.ts'
