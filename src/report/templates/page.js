(() => {
  const root = document.documentElement, field = document.getElementById("find"), told = document.getElementById("told");
  const rows = [...document.querySelectorAll("[data-f]")].map((row) => [row, row.textContent.toLowerCase()]);
  const groups = [...document.querySelectorAll("details.g, details.svc")].map((group) => [group, group.open]);
  const all = [...document.querySelectorAll("details")], toggle = document.getElementById("toggle");
  root.classList.add("js");
  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    for (const [group, open] of groups) {
      const inside = group.querySelectorAll("[data-f]");
      const left = group.querySelector("[data-f]:not([hidden])");
      group.hidden = inside.length > 0 && !left;
      group.open = words.length > 0 && inside.length > 0 ? Boolean(left) : open;
    }
    told.textContent = words.length ? `${shown} of ${rows.length} lines` : "";
  };
  field.addEventListener("input", filter);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { field.value = ""; filter(); }
  });
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-pressed") !== "true";
    for (const one of all) one.open = open;
    toggle.setAttribute("aria-pressed", String(open));
    toggle.textContent = open ? "Close all" : "Open all";
  });
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  let closed = [];
  addEventListener("beforeprint", () => { closed = all.filter((one) => !one.open); for (const one of closed) one.open = true; });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
})();
