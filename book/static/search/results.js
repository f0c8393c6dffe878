// Shows what the search finds, while a reader types: in the dialog, and on the search's own page.
(() => {
  const root = document.documentElement.dataset.content_root;

  const element = (kind, text, classes = "") => Object.assign(document.createElement(kind), {textContent: text, className: classes});

  const item = ({address, title, page, excerpt}) => {
    const link = Object.assign(document.createElement("a"), {href: root + address});
    link.append(element("span", title, "search-title"));
    if (!page.endsWith(title)) link.append(" ", element("span", page, "search-page"));
    const text = element("span", "", "search-excerpt");
    text.append(...excerpt.map(([piece, found]) => found ? element("mark", piece) : piece));
    link.append(" ", text);
    const result = document.createElement("li");
    result.append(link);
    return result;
  };

  const attach = (form, most) => {
    const field = form.elements.q;
    const [count, list] = form.nextElementSibling.children;
    const onPage = form.closest("#search-page");
    const links = () => [...list.querySelectorAll("a")];

    const show = () => {
      const query = field.value.trim();
      const {count: number, sections} = query ? bookSearch.find(query, most) : {count: 0, sections: []};
      list.replaceChildren(...sections.map(item));
      if (number > most && !onPage) {
        const all = Object.assign(document.createElement("li"), {className: "search-all"});
        all.append(Object.assign(element("a", `All ${number} places`), {href: `${form.action}?q=${encodeURIComponent(query)}`}));
        list.append(all);
      }
      list.hidden = !number;
      count.textContent = !query ? "" : number === 1 ? "1 place" : `${number || "No"} places`;
      list.scrollTop = 0;
    };

    // The arrows go from the field to the results and back; Enter opens the best one, or the one that has been reached.
    form.parentElement.addEventListener("keydown", event => {
      const stops = [field, ...links()];
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
      const at = stops.indexOf(document.activeElement);
      if (step && stops[at + step]) {
        event.preventDefault();
        stops[at + step].focus();
      } else if (event.key === "Enter" && document.activeElement === field && !onPage && links().length) {
        event.preventDefault();
        links()[0].click();
      } else if (event.key.length === 1 && at > 0 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ") {
        field.focus(); // what is typed goes to the field
      }
    });
    // A result on the page that is open closes the dialog over it.
    list.addEventListener("click", event => event.target.closest("a") && form.closest("dialog")?.close());
    field.addEventListener("input", show);
    show();
  };

  const query = new URLSearchParams(location.search).get("q");
  document.querySelectorAll(".bd-search").forEach(form => {
    const onPage = form.closest("#search-page");
    if (onPage && query) form.elements.q.value ||= query;
    attach(form, onPage ? 60 : 10);
  });
})();
