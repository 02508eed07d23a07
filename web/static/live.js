// Keeps live regions honest: when they were last checked, and no polling in a hidden tab.
// Written for htmx 2 without inheritance, so that a later major version changes little.
(function () {
  "use strict";

  function regionOf(event) {
    return event.target instanceof Element ? event.target.closest("[data-live]") : null;
  }

  function say(text) {
    document.querySelectorAll("[data-live-status]").forEach(function (line) {
      line.textContent = text;
    });
  }

  document.addEventListener("htmx:beforeRequest", function (event) {
    var polls = event.detail.requestConfig.verb === "get" && regionOf(event);
    if (polls && document.hidden) {
      event.preventDefault();
    }
  });

  document.addEventListener("htmx:afterRequest", function (event) {
    var answer = event.detail.xhr;
    if (event.detail.successful && answer.getResponseHeader("date")) {
      var at = new Date(answer.getResponseHeader("date"));
      say("Checked at " + at.toISOString().slice(11, 19) + " UTC");
    }
  });

  document.addEventListener("htmx:sendError", function () {
    say("The connection is lost; trying again");
  });

  // An error page for a fragment carries its notice out of band, which is not swapped by default.
  document.addEventListener("htmx:responseError", function (event) {
    var parsed = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    var notice = parsed.querySelector("#notices");
    var place = document.querySelector("#notices");
    if (notice && place) {
      place.replaceChildren.apply(place, Array.from(notice.childNodes));
    }
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") {
      return;
    }
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  document.addEventListener("click", function (event) {
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    });
  });
})();
