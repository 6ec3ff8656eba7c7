// Deciding a rollout: events in, the next thing to do out

export { type Commanded, commanded, type RolloutCommand, rolloutCommands, type Said } from './machine/command.ts'
export { type Decision, decide, type GateLook, type Surroundings } from './machine/decide.ts'
export type { NumberedEvent, RolloutEnd, RolloutEvent } from './machine/event.ts'
export { after, phaseOf, type RolloutState, stageText } from './machine/state.ts'
export { eventBy, eventText } from './machine/text.ts'

// Running a rollout

export { type Controller, newController, type Pace } from './controller/controller.ts'
export type { Gate, Journal, Ports, StageJudged } from './controller/ports.ts'

// What moves a canary

export { type Actuator, ActuatorError, type MoveContext, type Reading } from './actuators/actuator.ts'
export type { Environment } from './actuators/environment.ts'
export { newActuator } from './actuators/make.ts'
export { replaceFile } from './replace-file.ts'
