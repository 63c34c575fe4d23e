import { serveMachine } from '@iommu/sysfs/mount';
import { allDrivers } from '../drivers.js';

/* The process that serves the machines of tests: it becomes one file, and is started with that. */
await serveMachine(allDrivers);
