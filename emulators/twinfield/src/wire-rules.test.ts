import { after, before } from 'node:test'
import { documentRules } from './wire-rules/documents.ts'
import { faultRules } from './wire-rules/faults.ts'
import { finderRules } from './wire-rules/finder.ts'
import { Lab } from './wire-rules/lab.ts'
import { logInRules } from './wire-rules/log-in.ts'
import { transportRules } from './wire-rules/transport.ts'

// What the wire facts say of Twinfield, section by section, against one emulator.
const lab = new Lab()
before(() => lab.start())
after(() => lab.close())

logInRules(lab)
faultRules(lab)
transportRules(lab)
documentRules(lab)
finderRules(lab)
