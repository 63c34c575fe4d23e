import { script } from '@bomb.sh/tab';
import { Exit, type ExitCode } from '../exit.js';

/** `iommu completion SHELL`: the script asks `iommu complete -- WORDS` for proposals. */
export const completion = async (shell: 'bash' | 'zsh' | 'fish' | 'powershell'): Promise<ExitCode> => {
  script(shell, 'iommu', 'iommu');
  return Exit.ok;
};
