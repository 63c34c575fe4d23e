import type { MachineProbe } from '@iommu/machine';

const ADDRESS = '[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]';
/** A line that a driver writes about its device: `nvme 0000:01:00.0: …`. */
const BY_DRIVER = new RegExp(`(?:^|[\\s\\]>])([A-Za-z][\\w-]*) (${ADDRESS}): (.*)$`);
/** `nvme nvme0: pci function 0000:01:00.0` */
const NVME = new RegExp(`\\bnvme nvme\\d+: pci function (${ADDRESS})\\s*$`);
/** `0000:04:05.0: ttyS4 at I/O 0x1000`: the driver of serial ports does not say its own name. */
const SERIAL = new RegExp(`(?:^|[\\s\\]>])(${ADDRESS}): ttyS\\d+ at `);
/** Not drivers: what the bus calls a device that has none, and code that speaks of devices. */
const NOT_DRIVERS = new Set(['pci', 'pci_bus', 'device', 'Device']);
/** What an IOMMU driver says under the name of another: it belongs to the answer, not to the evidence. */
const ANSWER = /iommu group|already in tree|Aliasing StreamID/;

/** Puts together in which order drivers were probed, from the first line of each driver about each device. */
export class ProbeLog {
  readonly #seen = new Map<string, MachineProbe>();

  take(line: string): void {
    const nvme = NVME.exec(line)?.[1];
    if (nvme !== undefined) {
      this.#add(nvme, 'nvme');
      return;
    }
    const serial = SERIAL.exec(line)?.[1];
    if (serial !== undefined) {
      this.#add(serial, 'serial');
      return;
    }
    const [, driver = '', device = '', text = ''] = BY_DRIVER.exec(line) ?? [];
    if (device !== '' && !NOT_DRIVERS.has(driver) && !ANSWER.test(text)) this.#add(device, driver);
  }

  #add(device: string, driver: string): void {
    const key = `${device} ${driver}`;
    if (!this.#seen.has(key)) this.#seen.set(key, { device, driver });
  }

  list(): MachineProbe[] {
    return [...this.#seen.values()];
  }
}
