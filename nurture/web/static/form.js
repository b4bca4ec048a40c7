function (form) {
  "use strict";
  var script = document.currentScript;
  if (!script) return;
  var action = new URL(form.action, script.src).href, all = {};
  var filled = { email: "email", phone: "tel", first_name: "given-name", last_name: "family-name", company: "organization", role: "organization-title", country: "country-name", city: "address-level2", address: "street-address", "dates.birthday": "bday" };
  function make(name, given, words) {
    var one = document.createElement(name);
    Object.keys(given || {}).forEach(function (key) { if (given[key] !== false && given[key] !== "") one.setAttribute(key, given[key] === true ? "" : given[key]); });
    if (words) one.textContent = words;
    return one;
  }
  function put(into) { [].slice.call(arguments, 1).forEach(function (one) { if (one) into.appendChild(one); }); return into; }
  var count = document.querySelectorAll(".nurture-form").length, drawn = make("form", { "class": "nurture-form", method: "post", action: action, lang: form.language });
  var said = make("p", { "class": "nurture-said", role: "status", "aria-live": "polite" });
  function keep(name, input) {
    var fault = make("p", { "class": "nurture-fault", id: input.id + "-fault", hidden: true });
    all[name] = { input: input, fault: fault };
    return fault;
  }
  function question(one) {
    var id = "nurture-" + count + "-" + one.name.replace(/\./g, "-"), input, place = make("div", { "class": "nurture-field" });
    var given = { id: id, name: one.name, required: one.required, autocomplete: filled[one.name] || "off" };
    if (one.kind === "yes_no") return tick(one.name, one.label, one.required, id);
    if (one.choices.length) {
      input = put(make("select", given), make("option", { value: "" }, form.choose));
      input.firstChild.setAttribute("value", "");
      one.choices.forEach(function (choice) { put(input, make("option", { value: choice[0] }, choice[1])); });
    } else if (one.kind === "lines") input = make("textarea", Object.assign(given, { rows: 4 }));
    else input = make("input", Object.assign(given, { type: { email: "email", phone: "tel", day: "date" }[one.kind] || "text", inputmode: one.kind === "number" ? "decimal" : "" }));
    var hint = one.hint && make("p", { "class": "nurture-hint", id: id + "-hint" }, one.hint);
    if (hint) input.setAttribute("aria-describedby", hint.id);
    return put(place, make("label", { "for": id }, one.label + (one.required ? "" : " (" + form.optional + ")")), input, hint, keep(one.name, input));
  }
  function tick(name, words, required, id) {
    var input = make("input", { id: id, name: name, type: "checkbox", value: "yes", required: required });
    return put(make("div", { "class": "nurture-field" }), put(make("label", { "class": "nurture-tick" }), input, make("span", {}, words)), keep(name, input));
  }
  function hidden(name, value) { return make("input", { type: "hidden", name: name, value: value }); }
  function style() {
    /* Made by the object model, which a policy of the page without inline styles allows. The page's own rules win. */
    if (document.nurtureForms || !("adoptedStyleSheets" in document)) return;
    document.nurtureForms = new CSSStyleSheet();
    document.nurtureForms.replaceSync(
      ":where(.nurture-form){display:grid;gap:16px;max-width:480px;font:inherit}:where(.nurture-field){display:grid;gap:4px}:where(.nurture-form input:not([type=checkbox]),.nurture-form select,.nurture-form textarea){box-sizing:border-box;width:100%;min-height:44px;padding:8px 12px;border:1px solid #84908b;border-radius:8px;background:Field;color:FieldText;font:inherit}" +
      ":where(.nurture-form button){min-height:44px;padding:8px 20px;border:0;border-radius:8px;background:" + form.accent + ";color:" + form.on + ";font:inherit;font-weight:600;cursor:pointer}:where(.nurture-tick){display:grid;grid-template-columns:20px 1fr;gap:12px}:where(.nurture-tick input){width:20px;height:20px;margin:2px 0 0}" +
      ":where(.nurture-fault){margin:0;color:#ad1d47}:where(.nurture-hint){margin:0;opacity:.75;font-size:.875em}:where(.nurture-said){margin:0}:where(.nurture-said:empty){display:none}.nurture-bait{position:absolute;left:-9999px;width:1px;height:1px;overflow:hidden}");
    document.adoptedStyleSheets = document.adoptedStyleSheets.concat([document.nurtureForms]);
  }
  function show(answer) {
    Object.keys(all).forEach(function (name) {
      var wrong = (answer.errors || {})[name];
      all[name].fault.textContent = wrong ? wrong.join(" ") : "";
      all[name].fault.hidden = !wrong;
      if (wrong) { all[name].input.setAttribute("aria-invalid", "true"); all[name].input.setAttribute("aria-describedby", all[name].fault.id); }
      else all[name].input.removeAttribute("aria-invalid");
    });
    said.textContent = answer.sentence || "";
    if (answer.shown) drawn.elements.shown.value = answer.shown;
    var first = drawn.querySelector("[aria-invalid]");
    if (first) first.focus();
  }
  function done(answer) {
    if (answer.known) (window.nurture = window.nurture || []).push(["identify", answer.known]);
    if (answer.redirect) { location.assign(answer.redirect); return; }
    var thanks = make("div", { "class": "nurture-form nurture-thanks", role: "status", tabindex: "-1", lang: form.language });
    answer.words.forEach(function (words) { put(thanks, make("p", {}, words)); });
    drawn.replaceWith(thanks);
    thanks.focus();
  }
  drawn.addEventListener("submit", function (event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    said.textContent = "";
    fetch(action, { method: "POST", mode: "cors", credentials: "omit", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(drawn)) })
      .then(function (answer) { return answer.json(); })
      .then(function (answer) { button.disabled = false; if (answer.sent) done(answer); else show(answer.detail ? { sentence: answer.detail } : answer); })
      .catch(function () {
        /* Where the page's policy lets nothing be fetched, the form is sent as any form is. */
        button.disabled = false;
        if (navigator.onLine === false) said.textContent = form.unreached;
        else HTMLFormElement.prototype.submit.call(drawn);
      });
  });
  var bait = make("div", { "class": "nurture-bait", "aria-hidden": "true" });
  put(bait, make("input", { name: form.bait, tabindex: "-1", autocomplete: "off" }));
  var button = make("button", { type: "submit" }, form.button);
  form.fields.forEach(function (one) { put(drawn, question(one)); });
  form.consents.forEach(function (one) { put(drawn, tick(one.name, one.wording, one.required, "nurture-" + count + "-" + one.name.replace(/\./g, "-"))); });
  put(drawn, bait, hidden("shown", form.shown), hidden("page", location.href.split("?")[0]), hidden("referrer", document.referrer.split("?")[0]), said, button);
  new URLSearchParams(location.search).forEach(function (value, name) { if (/^utm_/.test(name)) put(drawn, hidden(name, value)); });
  style();
  script.after(drawn);
}
