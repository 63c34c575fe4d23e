// In the reader's browser: what a text draws in Mermaid's words is drawn. Mermaid is large, and comes where there is something to draw.
(() => {
  const drawings = [...document.querySelectorAll('pre > code.mermaid')];
  if (drawings.length === 0) return;
  const { theme } = document.documentElement.dataset;
  const isDark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  const loaded = document.createElement('script');
  loaded.src = new URL('mermaid.min.js', document.currentScript.src).href;
  loaded.addEventListener('load', async () => {
    const { mermaid } = window;
    mermaid.initialize({ startOnLoad: false, theme: isDark ? 'dark' : 'default' });
    for (const [at, code] of drawings.entries()) {
      const { svg } = await mermaid.render(`drawing-${at}`, code.textContent);
      const figure = document.createElement('figure');
      figure.innerHTML = svg;
      code.parentElement.replaceWith(figure);
    }
  });
  document.head.append(loaded);
})();
