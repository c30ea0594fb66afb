// The few things a browser must do by itself: close menus, focus the search with Ctrl K, submit date forms.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    const field = document.querySelector(".search input");
    if (field) { event.preventDefault(); field.focus(); }
  }
});
// A field that filters the list it names: items say in data-find what they are found by; empty groups go.
document.addEventListener("input", (event) => {
  const list = event.target.dataset && document.getElementById(event.target.dataset.filters || "");
  if (!list) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of list.querySelectorAll("[data-find]")) item.hidden = !item.dataset.find.includes(wanted);
  for (const group of list.querySelectorAll("[data-group]")) group.hidden = !group.querySelector("[data-find]:not([hidden])");
});
