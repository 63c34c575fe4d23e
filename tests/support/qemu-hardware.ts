import {
  conventionalDevice,
  type DeviceSketch,
  downstreamPort,
  endpoint,
  multifunction,
  pcieSwitch,
  pcieToPciBridge,
  rootPort,
} from '@iommu/machine/build';

/** A device of QEMU, as the recordings were asked for. */
export interface QemuDevice {
  readonly type: string;
  readonly id?: string;
  /** The id of what it sits behind. */
  readonly bus: string;
  /** `00.1` */
  readonly addr: string;
  readonly props: Readonly<Record<string, unknown>>;
}

type Sketch = (behind: readonly DeviceSketch[], slot: number, props: QemuDevice['props']) => DeviceSketch;

/** What QEMU's devices show of themselves that matters to grouping. */
const TYPES: Readonly<Record<string, Sketch>> = {
  nvme: (_, slot) => endpoint({ slot, id: '1b36:0010', class: '010802' }),
  'qemu-xhci': (_, slot) => endpoint({ slot, id: '1b36:000d', class: '0c0330' }),
  igb: (_, slot) => endpoint({ slot, id: '8086:10c9', class: '020000' }),
  edu: (_, slot) => conventionalDevice({ slot, id: '1234:11e8', class: '00ff00' }),
  'pcie-pci-bridge': (behind, slot) => pcieToPciBridge({ slot, id: '1b36:000e' }, behind),
  'pcie-root-port': (behind, slot, props) =>
    rootPort({ slot, id: '1b36:000c', acs: props['disable-acs'] !== true }, behind),
  'x3130-upstream': (behind, slot) => pcieSwitch({ slot, id: '104c:8232' }, behind),
  'xio3130-downstream': (behind, slot) => downstreamPort({ slot, id: '104c:8233' }, behind),
};

const placeOf = ({ addr }: QemuDevice): readonly [slot: number, fn: number] => {
  const [slot = '0', fn = '0'] = addr.split('.');
  return [Number.parseInt(slot, 16), Number(fn)];
};

/** What hangs behind one of them: slots in ascending order, functions of a slot in theirs. */
export const drawnBehind = (devices: readonly QemuDevice[], bus: string): DeviceSketch[] => {
  const slots = new Map<number, DeviceSketch[]>();
  const here = devices.filter((one) => one.bus === bus).sort((a, b) => (a.addr < b.addr ? -1 : 1));
  for (const one of here) {
    const [slot] = placeOf(one);
    const sketch = TYPES[one.type];
    if (!sketch) throw new Error(`no drawing of QEMU's ${one.type}`);
    const behind = one.id === undefined ? [] : drawnBehind(devices, one.id);
    slots.set(slot, [...(slots.get(slot) ?? []), sketch(behind, slot, one.props)]);
  }
  return [...slots.values()].map((functions) => multifunction(...functions));
};
