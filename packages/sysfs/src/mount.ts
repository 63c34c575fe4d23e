/**
 * The `/sys` of a machine mounted live through FUSE, and talking to a machine that is.
 *
 * @packageDocumentation
 */

export type { Card } from './control/card.js';
export type { ControlEvent } from './control/event-text.js';
export type { ListedDevice, ListedDiagnostic, ListedGroup, MachineList } from './control/machine-calls.js';
export { connectMachine, type MachineControl, mounted } from './control/machine-control.js';
export type { Hello } from './control/protocol.js';
export { type Mount, type MountOptions, mountSysfs } from './fuse/mount-sysfs.js';
export { serveMachine } from './fuse/serve-machine.js';
export type { ServingStats } from './fuse/serving.js';
export type { TransportName } from './fuse/transport.js';
