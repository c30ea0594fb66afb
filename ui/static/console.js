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
