// Wide things scroll in their own boxes. A box whose content is wider than itself can be reached, and so scrolled, from the
// keyboard; one that is not wider is no stop on the way. A formula of a line of text that is wider than its column
// becomes such a box. All is asked again whenever a width changes.
document.addEventListener("DOMContentLoaded", () => {
  const boxes = ".figure-box, .pst-scrollable-table-container, .text_html, .highlight > pre, div.math > mjx-container";
  const find = selector => [...document.querySelectorAll(`.bd-article :is(${selector})`)];

  const mark = box => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };

  const fit = () => {
    const formulas = find("span.math > mjx-container");
    formulas.forEach(formula => formula.classList.remove("wide"));
    const wide = formulas.filter(formula => {
      const column = formula.closest("p, li, dd, figcaption, h2, h3");
      return column && !column.closest("table") && formula.getBoundingClientRect().width > column.clientWidth;
    });
    wide.forEach(formula => formula.classList.add("wide"));
    formulas.forEach(mark);
  };

  const widths = new ResizeObserver(entries => entries.forEach(({target}) => mark(target)));
  const column = new ResizeObserver(fit);
  const watch = () => {
    document.documentElement.classList.remove("untypeset");
    find(boxes).forEach(box => widths.observe(box));
    document.querySelectorAll(".bd-article").forEach(article => column.observe(article));
  };

  // MathJax announces itself between this event and the next.
  window.addEventListener("load", () => Promise.resolve(window.MathJax?.startup?.promise).then(watch, watch));
});
