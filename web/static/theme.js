// The colour scheme, set before the first paint: the visitor's choice, else the system's.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("tf-theme");
    } catch (refused) {
      return null;
    }
  }

  function apply() {
    root.dataset.bsTheme = chosen() || (system.matches ? "dark" : "light");
  }

  apply();
  system.addEventListener("change", apply);

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-theme-switch]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var next = root.dataset.bsTheme === "dark" ? "light" : "dark";
        try {
          localStorage.setItem("tf-theme", next);
        } catch (refused) {
          // Storage is off: the choice lasts for this page.
        }
        root.dataset.bsTheme = next;
      });
    });
  });
})();
