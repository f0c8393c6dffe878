// What a reader presses: menus that close again, and boxes whose button is named by the word that stands on it.
document.addEventListener("click", event => {
  document.querySelectorAll("details.dropdown[open]").forEach(menu => {
    if (!menu.contains(event.target) || event.target.closest(".dropdown-item")) menu.open = false;
  });
});

document.addEventListener("keydown", event => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.dropdown[open]").forEach(menu => {
    menu.open = false;
    menu.firstElementChild.focus();
  });
});

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("button.toggle-button").forEach(button => button.removeAttribute("aria-label"));
});
