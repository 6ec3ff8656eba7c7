export { type DoctorFacts, doctorText } from './doctor.ts'
export { verdictJson } from './json.ts'
export { progress, progressLine } from './progress.ts'
export { verdictText } from './text.ts'
