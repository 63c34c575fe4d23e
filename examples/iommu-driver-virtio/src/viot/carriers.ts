import type { Device, Platform } from '@iommu/core';
import { isPciDevice, type PciDevice } from '@iommu/pci';
import { mayBeVirtioIommu } from '../functions.js';
import type { Carrier } from '../unit.js';
import type { Viot, ViotIommu } from './nodes.js';

/** The address with which the name of a platform device starts: `a003e00.virtio_mmio`. */
export const addressIn = (name: string): bigint | undefined => {
  const digits = /^([0-9a-f]+)\./.exec(name)?.[1];
  return digits === undefined ? undefined : BigInt(`0x${digits}`);
};

/** The IOMMUs that the nodes of a table stand for, each found once. */
export class Carriers {
  readonly #iommuAt: Viot['iommuAt'];
  readonly #platform: Platform;
  readonly #found = new Map<number, Carrier | undefined>();
  readonly #named = new Map<bigint, Carrier>();

  constructor({ iommuAt }: Viot, platform: Platform) {
    this.#iommuAt = iommuAt;
    this.#platform = platform;
  }

  get all(): Carrier[] {
    return [...new Set(this.#found.values())].filter((carrier) => carrier !== undefined);
  }

  /** @param offset - Of the IOMMU's node. @see Linux v7.0 drivers/acpi/viot.c viot_get_iommu() */
  at(offset: number): Carrier | undefined {
    if (!this.#found.has(offset)) {
      const iommu = this.#iommuAt(offset);
      this.#found.set(offset, iommu && this.#carrierOf(iommu));
    }
    return this.#found.get(offset);
  }

  /** @see Linux v7.0 drivers/acpi/viot.c viot_get_pci_iommu_fwnode(), viot_get_mmio_iommu_fwnode() */
  #carrierOf(iommu: ViotIommu): Carrier | undefined {
    const { devices } = this.#platform;
    if (iommu.kind === 'virtio-iommu-pci') {
      const isMeant = (one: Device) => isPciDevice(one) && one.segment === iommu.segment && one.rid === iommu.rid;
      const found = devices.find(isMeant) as PciDevice | undefined;
      return found && mayBeVirtioIommu(found) ? found : undefined;
    }
    return devices.find(({ name }) => addressIn(name) === iommu.baseAddress) ?? this.#name(iommu.baseAddress);
  }

  /** AML says which device has the registers, which nobody reads here. */
  #name(address: bigint): Carrier {
    const known = this.#named.get(address);
    if (known) return known;
    const name = `${address.toString(16)}.virtio_mmio`;
    this.#platform.report({
      severity: 'assumed',
      code: 'viot-addresses-unknown',
      message: `the input does not tell what the IOMMU with its registers at 0x${address.toString(16)} is called; it is given as ${name}`,
    });
    const carrier = { name, path: `platform/${name}` };
    this.#named.set(address, carrier);
    return carrier;
  }
}
