/**
 * Machines drawn by hand: what is plugged into what, and `layOut()` to number it as firmware would.
 *
 * @packageDocumentation
 */
export { layOut, type RootBus } from './builders/lay-out.js';
export { type PlatformOptions, platformDevice } from './builders/platform-device.js';
export {
  type AcsSketch,
  conventionalDevice,
  type DeviceSketch,
  downstreamPort,
  endpoint,
  type FunctionOptions,
  type FunctionSketch,
  integratedEndpoint,
  multifunction,
  type PlacedOptions,
  pciBridge,
  pcieSwitch,
  pcieToPciBridge,
  rootPort,
  type VirtualFunctions,
} from './builders/sketch.js';
