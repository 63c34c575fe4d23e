import type { Device, Platform, ReservedRegion, UnitNone } from '@iommu/core';
import { forEachDmaAlias, isPciDevice, type PciDevice } from '@iommu/pci';
import { type Carrier, type Endpoint, none, type VirtioFirmware } from '../unit.js';
import { addressIn, Carriers } from './carriers.js';
import { interruptPageOfMadt } from './madt.js';
import type { MmioEndpoint, PciRange, Viot, ViotEndpoint } from './nodes.js';

/** Before, ACS was asked for only while a function was configured. Stable releases from 5.15 on have the change too. */
const ACS_EARLY_SINCE = '6.0';

/** An endpoint's node whose IOMMU is there. */
interface Placed<T extends ViotEndpoint = ViotEndpoint> {
  readonly node: T;
  readonly carrier: Carrier;
}

const isRange = (one: Placed): one is Placed<PciRange> => one.node.kind === 'pci-range';
const isMmio = (one: Placed): one is Placed<MmioEndpoint> => one.node.kind === 'mmio-endpoint';

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** What ACPI says of virtio-iommus. */
export class ViotFirmware implements VirtioFirmware {
  readonly carriers: readonly Carrier[];
  readonly busFeatures: readonly string[];
  readonly #platform: Platform;
  readonly #ranges: readonly Placed<PciRange>[];
  readonly #mmio: readonly Placed<MmioEndpoint>[];

  constructor(viot: Viot, platform: Platform) {
    this.#platform = platform;
    // Any table of the name will do, whatever it holds.
    this.busFeatures = [platform.kernel.has(ACS_EARLY_SINCE) ? 'pci-acs' : 'pci-acs-late'];
    const carriers = new Carriers(viot, platform);
    const placed = this.#place(viot, carriers);
    this.#ranges = placed.filter(isRange);
    this.#mmio = placed.filter(isMmio);
    this.carriers = carriers.all;
    this.#tellOfAddresses();
  }

  /**
   * The endpoints with an IOMMU, as the kernel looks through them: what the table names last comes first.
   *
   * @see Linux v7.0 drivers/acpi/viot.c viot_parse_node()
   */
  #place({ nodes, endedBy }: Viot, carriers: Carriers): Placed[] {
    const placed: Placed[] = [];
    for (const node of nodes) {
      if (node.kind === 'other') {
        this.#leaveOut('viot-unknown-node', node.offset, `a node of unknown type ${node.type}`);
      }
      if (node.kind !== 'pci-range' && node.kind !== 'mmio-endpoint') continue;
      const carrier = carriers.at(node.outputNode);
      if (carrier) placed.unshift({ node, carrier });
      else this.#leaveOut('viot-without-iommu', node.offset, 'a node that refers to no IOMMU that is there');
    }
    if (endedBy !== undefined) {
      const message = `${endedBy}; this and what follows is left out`;
      this.#platform.report({ severity: 'firmware-bug', code: 'viot-invalid', message });
    }
    return placed;
  }

  #leaveOut(code: string, offset: number, what: string): void {
    const at = { table: 'VIOT', offset };
    this.#platform.report({ severity: 'firmware-bug', code, message: `VIOT+${hex(offset)}: ${what} is left out`, at });
  }

  /** The table tells devices by the addresses of their registers, sysfs by names that need not show those. */
  #tellOfAddresses(): void {
    const known = new Set(this.#platform.devices.map(({ name }) => addressIn(name)));
    const missing = this.#mmio.filter(({ node }) => !known.has(node.baseAddress));
    if (missing.length === 0) return;
    const addresses = missing.map(({ node }) => hex(node.baseAddress)).join(', ');
    this.#platform.report({
      severity: 'assumed',
      code: 'viot-addresses-unknown',
      message: `the VIOT puts what has its registers at ${addresses} behind an IOMMU; the input does not tell which devices these are`,
    });
  }

  get interruptPage(): ReservedRegion | undefined {
    return interruptPageOfMadt(this.#platform);
  }

  /** @see Linux v7.0 drivers/acpi/viot.c viot_iommu_configure() */
  endpointOf(device: Device): Endpoint | UnitNone | undefined {
    if (isPciDevice(device)) return this.#endpointOfFunction(device);
    const address = addressIn(device.name);
    const found = this.#mmio.find(({ node }) => node.baseAddress === address);
    return found && { carrier: found.carrier, ids: [found.node.endpoint] };
  }

  /** @see Linux v7.0 drivers/acpi/viot.c viot_pci_dev_iommu_init() */
  #endpointOfFunction(device: PciDevice): Endpoint | UnitNone {
    const ids: number[] = [];
    let carrier: Carrier | undefined;
    const missing = forEachDmaAlias(device, ({ segment }, rid) => {
      const range = this.#ranges.find(({ node }) => holds(node, segment, rid));
      if (!range) return rid;
      const { firstEndpoint, firstSegment, firstRid } = range.node;
      ids.push((((segment - firstSegment) << 16) + rid - firstRid + firstEndpoint) >>> 0);
      // Of several IOMMUs Linux looks at the first only.
      carrier ??= range.carrier;
      return undefined;
    });
    const source = 'viot_pci_dev_iommu_init()';
    if (missing !== undefined || !carrier) {
      const id = hex(missing ?? device.rid);
      const text = `The VIOT puts requester id ${id} of ${device.name} behind no IOMMU.`;
      return none(device, 'not-in-viot', text, source);
    }
    if (carrier !== device) return { carrier, ids };
    const text = `${device.name} is the IOMMU itself, and translates nothing of its own.`;
    return none(device, 'is-the-iommu', text, source);
  }

  regionsOf(): readonly ReservedRegion[] {
    return [];
  }
}

const holds = ({ firstSegment, lastSegment, firstRid, lastRid }: PciRange, segment: number, rid: number): boolean =>
  segment >= firstSegment && segment <= lastSegment && rid >= firstRid && rid <= lastRid;
