/* Visits of this website, for Nurture. Nothing is kept in the browser before ["consent"] is pushed. */
(function () {
  "use strict";
  var script = document.currentScript, queue = window.nurture || [], NAME = "nurture_v", token, view, last, place, came = document.referrer, at;
  if (!script || queue.live) return;
  var to = new URL("t", script.src).href, n = navigator;
  var quiet = n.doNotTrack === "1" || window.doNotTrack === "1" || n.globalPrivacyControl === true;
  function random() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (b) {
      return (b + 256).toString(16).slice(1);
    }).join("");
  }
  function visitor() {
    var found = document.cookie.match(/(?:^|; )nurture_v=([0-9a-f]{32})(?:;|$)/);
    return found ? found[1] : null;
  }
  function keep(value, seconds) {
    document.cookie = NAME + "=" + value + "; path=/; max-age=" + seconds + "; samesite=lax" +
      (location.protocol === "https:" ? "; secure" : "");
  }
  function send(more) {
    if (quiet) return;
    var told = { u: location.href, t: document.title, r: came, v: visitor(), k: token };
    fetch(to, {
      method: "POST", body: JSON.stringify(Object.assign(told, more)), keepalive: true,
      mode: "cors", credentials: "omit", headers: { "Content-Type": "text/plain" }
    }).catch(function () {});
  }
  /* Sites that keep their route behind the #, as #/prices or #!/prices; #prices is a place on a page. */
  function route() { return /^#!?\//.test(location.hash) ? location.hash.split("?")[0] : ""; }
  function page(again, replaced) {
    var there = location.pathname + route(), here = there + location.search;
    if (here === last && !again) return;
    last = here;
    /* What only replaces its parameters (a filter, what is typed) is the page that it was. */
    if (replaced && there === place) return;
    place = there;
    came = at || came;
    at = location.href;
    view = random();
    send({ i: view });
  }
  var does = {
    consent: function () {
      if (quiet) return;
      var known = visitor();
      keep(known || random(), 34128000);
      if (!known && view) send({ i: view });
    },
    withdraw: function () { keep("", 0); },
    page: function () { page(true); },
    track: function (kind, data) { send({ i: random(), e: kind, d: data }); },
    identify: function (said) { token = said; send({ i: view = view || random() }); }
  };
  function act(call) {
    var done = does[call[0]];
    if (done) done.apply(null, [].slice.call(call, 1));
  }
  function soon() { setTimeout(function () { page(); }, 0); }
  function begin() {
    var address = new URL(location.href);
    token = address.searchParams.get("nv") || undefined;
    if (token) {
      address.searchParams.delete("nv");
      history.replaceState(history.state, "", address.href);
    }
    if (quiet) keep("", 0);
    window.nurture = { live: true, push: act };
    queue.forEach(function (call) { if (call[0] === "consent" || call[0] === "withdraw") act(call); });
    page();
    queue.forEach(function (call) { if (call[0] !== "consent" && call[0] !== "withdraw") act(call); });
    var push = history.pushState, replace = history.replaceState;
    history.pushState = function () { push.apply(this, arguments); soon(); };
    history.replaceState = function () {
      replace.apply(this, arguments);
      setTimeout(function () { page(false, true); }, 0);
    };
    addEventListener("popstate", soon);
    addEventListener("hashchange", soon);
    /* Back to a page that the browser had kept whole. */
    addEventListener("pageshow", function (event) { if (event.persisted) page(true); });
  }
  if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
  else begin();
})();
