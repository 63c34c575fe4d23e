import { resolve } from 'node:path';
import type { BootOptions, Machine } from '@iommu/machine';
import { MachineControl } from '../control/machine-control.js';
import { runtimeDirectory } from '../control/places.js';
import type { MachinePayload } from './serve-machine.js';
import { startServing } from './start-serving.js';
import type { TransportName } from './transport.js';

/** How a machine is booted and mounted. */
export interface MountOptions extends Omit<BootOptions, 'drivers'> {
  /**
   * The IOMMU drivers, in the order in which they are asked: URLs of modules whose default exports make them, as those of
   * the driver packages do (`import.meta.resolve('@iommu/driver-intel-vtd')`). The machine runs in another process, which
   * no object can be handed to. Those that {@link server} brings are asked after them.
   */
  readonly drivers?: readonly (string | URL)[];
  /** Programs cannot write. Default false. */
  readonly readOnly?: boolean;
  /** The mount stays when this process ends. Default false. */
  readonly background?: boolean;
  /** How the device is read; default: what this Node does best. */
  readonly transport?: TransportName;
  /** The module that the serving process runs, which calls `serveMachine()`; default: this package's own. */
  readonly server?: URL;
  /** A program, with its words, that runs the serving process elsewhere: `['nsenter', '--target', '42', '--mount']`. */
  readonly within?: readonly string[];
  /** Where the serving process complains; default: here, unless in the background. */
  readonly stderr?: 'inherit' | 'ignore';
  /** Words for the serving process's Node, such as `--max-old-space-size=8192`. */
  readonly nodeOptions?: readonly string[];
}

/** A mounted machine. */
export interface Mount extends AsyncDisposable {
  /** The directory, absolute and without links; `sys` is below it. */
  readonly path: string;
  /** The process that serves it. */
  readonly pid: number;
  /** What can be done with the machine. */
  readonly control: MachineControl;
  /**
   * Fulfilled when it is unmounted, by whomever; rejected when the serving process failed. In the background: fulfilled when
   * the serving process has ended, however that came about.
   */
  readonly ended: Promise<void>;
  /** Unmount; programs that still look get errors. */
  unmount(): Promise<void>;
}

/**
 * Boot a machine and mount its `/sys`, live: what is written is done on the machine, and what happens to it is seen at
 * once. The machine runs in a process of its own; unless in the background, it ends with this one.
 *
 * @param directory - An empty directory, or one to be made. It then holds `sys`, and beside it `machine.json` and `proc`.
 * @throws IommuError `ERR_SYSFS_TARGET` for a directory of the running system or one that holds something,
 * `ERR_SYSFS_MOUNT` without the permission to mount, and what booting throws
 */
export const mountSysfs = async (
  machine: Machine,
  directory: string,
  {
    drivers,
    readOnly = false,
    background = false,
    transport,
    server = new URL('./serve.js', import.meta.url),
    nodeOptions = [],
    within = [],
    stderr,
    ...boot
  }: MountOptions = {},
): Promise<Mount> => {
  const payload: MachinePayload = { machine, boot, ...(drivers && { drivers: drivers.map(String) }) };
  const { path, pid, connection, ended, unmount } = await startServing({
    server,
    nodeOptions,
    within,
    ...(stderr && { stderr }),
    // Elsewhere the serving process may go by another user id.
    ...(within.length > 0 && { runtime: runtimeDirectory() }),
    // The serving process stands elsewhere.
    directory: resolve(directory),
    readOnly,
    background,
    ...(transport && { transport }),
    payload,
  });
  return {
    path,
    pid,
    control: new MachineControl(connection),
    ended,
    unmount,
    [Symbol.asyncDispose]: unmount,
  };
};
