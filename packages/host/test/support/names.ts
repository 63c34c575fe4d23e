import { PciIds } from '../../src/pci-ids.js';

/** A small `pci.ids` of invented companies: the first and the last vendor, names shared and repeated, an UTF-8 name. */
export const NAMES = `#
#	List of PCI ID's
#
# Syntax:
# vendor  vendor_name

0001  First Vendor
	0001  First Device
f00d  Foo Devices
	0100  Host Bridge
	0101  Root Port
	0102  Twin Card
	0103  Twin Card
	0110  Fast Network Card
		f00d 0001  Fast Network Card, first edition
	0120  Switch
	0130  Volume Management Device NVMe RAID Controller
	0131  RST VMD Managed Controller
# A comment between devices.
	0140  Graphics Card [Nova 7]
	0150  Café Überträger
f00e  Foo Devices Europe
	0110  Slow Network Card
f010  Shared Name Ltd.
	0001  Only Here
f011  Shared Name Ltd.
	0002  Only There
fffe  Last Vendor
	ffff  Last Device

# List of known device classes
C 00  Unclassified device
	00  Non-VGA unclassified device
C 02  Network controller
	00  Ethernet controller
	80  Network controller
C 03  Display controller
	00  VGA compatible controller
		00  VGA controller
	02  3D controller
C 06  Bridge
	00  Host bridge
	04  PCI bridge
		00  Normal decode
	07  CardBus bridge
C ff  Unassigned class
`;

const table = new PciIds(new TextEncoder().encode(NAMES));

/** The small table, in the form that readers of names take. */
export const names = (): PciIds => table;
