/**
 * Devices that isolate without saying so, or that are judged by other means than the ACS capability. Data only.
 *
 * A row: vendor, device, the quirk function that judges, the mainline release that added the row, and how that release
 * is known: `source` seen in a tree or a commit, `stated` by someone who should know, `unverified` otherwise.
 * The order is the kernel's; the first row with an opinion decides.
 *
 * @see Linux v7.0 drivers/pci/quirks.c pci_dev_acs_enabled[]
 */
export type AcsQuirkRow = readonly [
  vendor: number,
  device: number,
  name: AcsQuirkName,
  since: string,
  proof: 'source' | 'stated' | 'unverified',
];

/** The kernel function that says of a device without ACS whether it isolates all the same. */
export type AcsQuirkName =
  | 'pci_quirk_amd_sb_acs'
  | 'pci_quirk_mf_endpoint_acs'
  | 'pci_quirk_rciep_acs'
  | 'pci_quirk_qcom_rp_acs'
  | 'pci_quirk_intel_pch_acs'
  | 'pci_quirk_intel_spt_pch_acs'
  | 'pci_quirk_cavium_acs'
  | 'pci_quirk_xgene_acs'
  | 'pci_quirk_brcm_acs'
  | 'pci_quirk_loongson_acs'
  | 'pci_quirk_al_acs'
  | 'pci_quirk_nxp_rp_acs'
  | 'pci_quirk_zhaoxin_pcie_ports_acs'
  | 'pci_quirk_wangxun_nic_acs';

/** Stands for every device of the vendor. */
export const ANY_DEVICE = -1;

// biome-ignore format: one row a line
export const ACS_QUIRKS: readonly AcsQuirkRow[] = [
  [0x1002, 0x4385, 'pci_quirk_amd_sb_acs', '3.11', 'unverified'],
  [0x1002, 0x439c, 'pci_quirk_amd_sb_acs', '3.11', 'unverified'],
  [0x1002, 0x4383, 'pci_quirk_amd_sb_acs', '3.11', 'unverified'],
  [0x1002, 0x439d, 'pci_quirk_amd_sb_acs', '3.11', 'unverified'],
  [0x1002, 0x4384, 'pci_quirk_amd_sb_acs', '3.11', 'unverified'],
  [0x1002, 0x4399, 'pci_quirk_amd_sb_acs', '3.11', 'unverified'],
  [0x1022, 0x780f, 'pci_quirk_amd_sb_acs', '3.18', 'unverified'],
  [0x1022, 0x7809, 'pci_quirk_amd_sb_acs', '3.18', 'unverified'],
  [0x1924, 0x0903, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x1924, 0x0923, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x1924, 0x0a03, 'pci_quirk_mf_endpoint_acs', '4.8', 'unverified'],
  [0x8086, 0x10c6, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10db, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10dd, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10e1, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10f1, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10f7, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10f8, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10f9, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10fa, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10fb, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x10fc, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x1507, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x1514, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x151c, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x1529, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x152a, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x154d, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x154f, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x1551, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x1558, 'pci_quirk_mf_endpoint_acs', '3.18', 'unverified'],
  [0x8086, 0x1509, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x150e, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x150f, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1510, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1511, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1516, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1527, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10c9, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10e6, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10e7, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10e8, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x150a, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x150d, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1518, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1526, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10a7, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10a9, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10d6, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1521, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1522, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1523, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1524, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x105e, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x105f, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x1060, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x10d9, 'pci_quirk_mf_endpoint_acs', '4.1', 'unverified'],
  [0x8086, 0x15b7, 'pci_quirk_mf_endpoint_acs', '4.4', 'unverified'],
  [0x8086, 0x15b8, 'pci_quirk_mf_endpoint_acs', '4.4', 'unverified'],
  [0x8086, ANY_DEVICE, 'pci_quirk_rciep_acs', '5.8', 'stated'],
  [0x17cb, 0x0400, 'pci_quirk_qcom_rp_acs', '4.11', 'unverified'],
  [0x17cb, 0x0401, 'pci_quirk_qcom_rp_acs', '4.11', 'unverified'],
  [0x17cb, 0x0115, 'pci_quirk_qcom_rp_acs', '6.12', 'stated'],
  [0x17cb, 0x0111, 'pci_quirk_qcom_rp_acs', '7.0', 'stated'],
  [0x17cb, 0x0120, 'pci_quirk_qcom_rp_acs', '7.0', 'stated'],
  [0x1dbf, 0x0401, 'pci_quirk_qcom_rp_acs', '5.0', 'unverified'],
  [0x8086, ANY_DEVICE, 'pci_quirk_intel_pch_acs', '3.15', 'stated'],
  [0x8086, ANY_DEVICE, 'pci_quirk_intel_spt_pch_acs', '4.7', 'unverified'],
  [0x19a2, 0x0710, 'pci_quirk_mf_endpoint_acs', '4.0', 'unverified'],
  [0x10df, 0x0720, 'pci_quirk_mf_endpoint_acs', '4.0', 'unverified'],
  [0x177d, ANY_DEVICE, 'pci_quirk_cavium_acs', '4.6', 'unverified'],
  [0x177d, 0xa026, 'pci_quirk_mf_endpoint_acs', '5.15', 'stated'],
  [0x177d, 0xa059, 'pci_quirk_mf_endpoint_acs', '5.15', 'stated'],
  [0x177d, 0xa060, 'pci_quirk_mf_endpoint_acs', '5.15', 'stated'],
  [0x10e8, 0xe004, 'pci_quirk_xgene_acs', '4.14', 'unverified'],
  [0x1def, 0xe005, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x1def, 0xe006, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x1def, 0xe007, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x1def, 0xe008, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x1def, 0xe009, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x1def, 0xe00a, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x1def, 0xe00b, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x1def, 0xe00c, 'pci_quirk_xgene_acs', '4.17', 'unverified'],
  [0x14e4, 0x16d7, 'pci_quirk_mf_endpoint_acs', '5.13', 'stated'],
  [0x14e4, 0x1750, 'pci_quirk_mf_endpoint_acs', '6.0', 'stated'],
  [0x14e4, 0x1751, 'pci_quirk_mf_endpoint_acs', '6.0', 'stated'],
  [0x14e4, 0x1752, 'pci_quirk_mf_endpoint_acs', '6.0', 'stated'],
  [0x14e4, 0x1760, 'pci_quirk_mf_endpoint_acs', '6.11', 'stated'],
  [0x14e4, 0x1761, 'pci_quirk_mf_endpoint_acs', '6.11', 'stated'],
  [0x14e4, 0x1762, 'pci_quirk_mf_endpoint_acs', '6.11', 'stated'],
  [0x14e4, 0x1763, 'pci_quirk_mf_endpoint_acs', '6.11', 'stated'],
  [0x14e4, 0xd714, 'pci_quirk_brcm_acs', '5.4', 'stated'],
  [0x0014, 0x3c09, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x3c19, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x3c29, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x7a09, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x7a19, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x7a29, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x7a39, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x7a49, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x7a59, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x0014, 0x7a69, 'pci_quirk_loongson_acs', '6.16', 'stated'],
  [0x1c36, 0x0031, 'pci_quirk_al_acs', '5.4', 'stated'],
  [0x1d17, 0x3038, 'pci_quirk_mf_endpoint_acs', '5.7', 'stated'],
  [0x1d17, 0x3104, 'pci_quirk_mf_endpoint_acs', '5.7', 'stated'],
  [0x1d17, 0x9083, 'pci_quirk_mf_endpoint_acs', '5.7', 'stated'],
  [0x1957, 0x8d81, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8da1, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d83, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d80, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8da0, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d82, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d90, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8db0, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d92, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d91, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8db1, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d93, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d89, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8da9, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d8b, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d88, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8da8, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d8a, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d98, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8db8, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d9a, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d99, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8db9, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1957, 0x8d9b, 'pci_quirk_nxp_rp_acs', '5.15', 'stated'],
  [0x1d17, ANY_DEVICE, 'pci_quirk_zhaoxin_pcie_ports_acs', '5.7', 'stated'],
  [0x8088, ANY_DEVICE, 'pci_quirk_wangxun_nic_acs', '6.3', 'stated'],
];
