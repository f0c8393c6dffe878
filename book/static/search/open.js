// Loads the search when a reader first goes to it. Its parts are scripts and no data, since a page opened from a file may not fetch.
(() => {
  let asked = false;

  const load = () => {
    if (asked) return;
    asked = true;
    document.querySelectorAll(".search-count").forEach(count => { count.textContent = "Loading …"; }); // until it is searched
    const folder = `${document.documentElement.dataset.content_root}_static/search/`;
    const sheet = Object.assign(document.createElement("link"), {rel: "stylesheet", href: `${folder}search.css`});
    document.head.append(sheet);
    for (const part of ["minisearch", "index", "ranking", "results"])
      document.head.append(Object.assign(document.createElement("script"), {src: `${folder}${part}.js`, async: false}));
  };

  document.addEventListener("focusin", event => event.target.closest(".bd-search") && load());
  document.addEventListener("DOMContentLoaded", () => document.getElementById("search-page") && load());
})();
