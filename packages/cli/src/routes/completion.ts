import { buildCommand } from '@stricli/core';
import { type Context, runCommand } from '../context.js';

export const completion = buildCommand<Record<never, never>, ['bash' | 'zsh' | 'fish' | 'powershell'], Context>({
  loader: async () =>
    async function (_flags, shell) {
      const { completion: run } = await import('../commands/completion.js');
      await runCommand(this, () => run(shell));
    },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          brief: 'bash, zsh, fish or powershell',
          placeholder: 'shell',
          parse: (name) => {
            if (name === 'bash' || name === 'zsh' || name === 'fish' || name === 'powershell') return name;
            throw new Error(`no completion for '${name}'; expected bash, zsh, fish or powershell`);
          },
        },
      ],
    },
  },
  docs: {
    brief: 'Print the completion script of a shell',
    customUsage: [{ input: 'bash >> ~/.bashrc', brief: 'for good' }],
  },
});
