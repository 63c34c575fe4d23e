import { fileURLToPath } from 'node:url';
import { inBrowser } from './browser.js';

const mermaid = fileURLToPath(new URL('mermaid.min.js', import.meta.resolve('mermaid')));

/** What a drawing shows. */
export interface Drawn {
  readonly title: string;
  readonly description: string;
  /** Texts of boxes, and of the boxes around groups. */
  readonly nodes: readonly string[];
  readonly clusters: readonly string[];
  readonly edges: number;
}

/** What Mermaid draws, as it is where nobody set it up. */
export const drawn = (flowchart: string): Drawn =>
  inBrowser<Drawn>(
    `mermaid.initialize({ startOnLoad: false });
    await mermaid.parse(data);
    const { svg } = await mermaid.render('drawn', data);
    const top = document.createElement('div');
    top.innerHTML = svg;
    const texts = (selector) => [...top.querySelectorAll(selector)].map((found) =>
      found.innerHTML.includes('<br') ? found.innerText : found.textContent);
    return {
      title: top.querySelector('title')?.textContent,
      description: top.querySelector('desc')?.textContent,
      nodes: texts('.node .nodeLabel'),
      clusters: texts('.cluster-label .nodeLabel'),
      edges: top.querySelectorAll('.edgePaths > path, path.flowchart-link').length,
    };`,
    flowchart,
    [mermaid],
  );
