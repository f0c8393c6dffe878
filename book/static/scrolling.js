// Wide things scroll in their own boxes. A box whose content is wider than itself can be reached, and so scrolled, from the
// keyboard in every browser; one that is not wider is no stop on the way. It is asked again whenever a width changes.
window.addEventListener("load", () => {
  const boxes = ".figure-box, .pst-scrollable-table-container, .text_html, .highlight > pre, .katex-display";

  const mark = box => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };

  const widths = new ResizeObserver(entries => entries.forEach(({target}) => mark(target)));
  document.querySelectorAll(`.bd-article :is(${boxes})`).forEach(box => widths.observe(box));
});
