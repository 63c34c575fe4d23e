/**
 * A device as core sees it, with no knowledge of its bus. A bus package narrows it (`isPciDevice()` of `@iommu/pci`).
 * The object itself is the device's identity: core compares references, never names.
 */
export interface Device {
  /** Unique on its bus, as sysfs spells it: `0000:00:1f.3`, `9040000.ethernet`. */
  readonly name: string;
  /** The bus that the device was registered on: `pci`, `platform`, `acpi`, … */
  readonly bus: string;
  /** Below `/sys/devices`: `pci0000:00/0000:00:1f.3`. */
  readonly path: string;
  /** Its node in the firmware's own tree: an ACPI path (`\\_SB.PCI0.I2C0`) or a device tree path (`/soc/ethernet@9040000`). */
  readonly firmwareNode?: string;
  /** Its ACPI hardware id (`_HID`): `AMDI0020`. */
  readonly hardwareId?: string;
  /** Its ACPI unique id (`_UID`) among devices of one hardware id, as sysfs prints it: `0`. */
  readonly uniqueId?: string;
  /** The firmware marks the place as reachable from outside; such a device is always translated. */
  readonly untrusted?: boolean;
}
