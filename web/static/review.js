// The review queue by keyboard: a letter presses or focuses what carries it as data-key.
// Silent while somebody types, and with a modifier, so that the browser's own keys keep working.
(function () {
  "use strict";

  document.addEventListener("keydown", function (event) {
    var typing = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) {
      return;
    }
    var wanted = document.querySelector('[data-key="' + CSS.escape(event.key.toLowerCase()) + '"]');
    if (!wanted) {
      return;
    }
    event.preventDefault();
    if (wanted.matches("select")) {
      wanted.focus();
    } else {
      wanted.click();
    }
  });
})();
