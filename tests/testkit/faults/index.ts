import { contractFaults } from './contract.js';
import type { Fault } from './fault.js';
import { malformedFaults, regionFaults } from './firmware.js';
import { orderFaults, partitionFaults } from './grouping.js';
import { lifetimeFaults } from './lifetime.js';
import { hotPlugFaults, uncertaintyFaults } from './running.js';

/** Every planted fault, fixed before there were cases to catch them. */
export const FAULTS: readonly Fault[] = [
  ...contractFaults,
  ...lifetimeFaults,
  ...partitionFaults,
  ...orderFaults,
  ...regionFaults,
  ...malformedFaults,
  ...hotPlugFaults,
  ...uncertaintyFaults,
];
