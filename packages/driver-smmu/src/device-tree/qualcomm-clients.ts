import { type DeviceTreeNode, isCompatible } from '@iommu/firmware';

/**
 * Devices that Qualcomm's variants of SMMUv2 never translate: displays and modems that run from the start, graphics that
 * keep their own tables. Taken from kernel patches; which release added which is not known here.
 *
 * @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu-qcom.c qcom_smmu_client_of_match
 */
const IDENTITY_CLIENTS = new Set([
  'qcom,adreno',
  'qcom,adreno-gmu',
  'qcom,mdp4',
  'qcom,mdss',
  'qcom,qcm2290-mdss',
  'qcom,sar2130p-mdss',
  'qcom,sc7180-mdss',
  'qcom,sc7180-mss-pil',
  'qcom,sc7280-mdss',
  'qcom,sc7280-mss-pil',
  'qcom,sc8180x-mdss',
  'qcom,sc8280xp-mdss',
  'qcom,sdm845-mdss',
  'qcom,sdm845-mss-pil',
  'qcom,sm6375-mdss',
  'qcom,sm8150-mdss',
  'qcom,sm8250-mdss',
]);

/** Whether an SMMU is one of Qualcomm's variants. */
const isQualcomm = (unit: DeviceTreeNode): boolean =>
  unit.property('compatible')?.texts.some((name) => /^qcom,.*smmu/.test(name)) ?? false;

export const isIdentityClient = (unit: DeviceTreeNode, device: DeviceTreeNode): boolean =>
  isQualcomm(unit) && isCompatible(device, IDENTITY_CLIENTS);
