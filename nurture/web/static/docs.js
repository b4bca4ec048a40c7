// The search of the API's page: calls without the words step aside; / leads to the box, Escape empties it.
"use strict";
(() => {
  const box = document.getElementById("find");
  const none = document.getElementById("none");
  const start = document.getElementById("start");
  const groups = [...document.querySelectorAll(".group")].map((group) => ({
    group,
    calls: [...group.querySelectorAll(".call")].map((call) => ({
      call,
      words: call.querySelector("h3").textContent.toLowerCase() + " " + (call.querySelector("p")?.textContent ?? "").toLowerCase(),
    })),
  }));
  const narrow = () => {
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { group, calls } of groups) {
      let here = 0;
      for (const { call, words } of calls) {
        const fits = wanted.every((word) => words.includes(word));
        call.hidden = !fits;
        here += fits;
      }
      group.hidden = here === 0;
      shown += here;
    }
    start.hidden = wanted.length > 0;
    none.hidden = shown > 0;
  };
  box.addEventListener("input", narrow);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== box) {
      event.preventDefault();
      box.focus();
    } else if (event.key === "Escape" && document.activeElement === box) {
      box.value = "";
      narrow();
    }
  });
  if (matchMedia("(max-width: 760px)").matches) {
    document.querySelector("nav details").open = false;
  }
})();
