// A box whose content is wider than itself can be reached, and so scrolled, from the keyboard; one that is not wider is
// no stop on the way. Asked again whenever a box changes its size.
document.addEventListener("DOMContentLoaded", () => {
  const boxes = ".figure-box, .pst-scrollable-table-container, .text_html, .highlight > pre, mjx-container[display]";

  const mark = box => {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };

  const observer = new ResizeObserver(entries => entries.forEach(entry => mark(entry.target)));
  const watch = () => document.querySelectorAll(`.bd-article :is(${boxes})`).forEach(box => observer.observe(box));
  watch();
  window.MathJax?.startup?.promise?.then(watch);
  window.addEventListener("load", () => window.MathJax?.startup?.promise?.then(watch));
});
