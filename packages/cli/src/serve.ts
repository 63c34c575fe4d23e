import { serveMachine } from '@iommu/sysfs/mount';
import { bundledDrivers } from './drivers.js';

/*
 * The process that serves what `iommu mount` mounts. Started with the file that this becomes, never imported.
 */
await serveMachine(bundledDrivers);
